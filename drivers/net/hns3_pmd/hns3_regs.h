/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register offsets and fields of BAR 2, typed from the hardware reference; [1:2.2] is part 1,
 * section 2.2. Facts only: access goes through hns3_hw.h.
 */
#ifndef HNS3_REGS_H
#define HNS3_REGS_H

#include "bits.h"

#define HNS3_PCI_VENDOR         0x19e5 /* [1:1.1] */
#define HNS3_PCI_PF_25GE_RDMA   0xa222
#define HNS3_PCI_REVISION_OFF   8    /* one byte of config space [1:1.3] */
#define HNS3_REVISION_HIP09     0x30 /* this and above [1:1.3] */
#define HNS3_BAR_REGS           2    /* [1:1.4] */
#define HNS3_BAR_REGS_MIN_BYTES 0x100000

/* Command send queue: driver to firmware [1:2.2]. */
#define HNS3_REG_CSQ_BASE_L 0x27000
#define HNS3_REG_CSQ_BASE_H 0x27004
#define HNS3_REG_CSQ_DEPTH  0x27008
#define HNS3_REG_CSQ_TAIL   0x27010
#define HNS3_REG_CSQ_HEAD   0x27014
#define HNS3_CSQ_SW_RST_RDY BIT32(16) /* in CSQ_DEPTH */
#define HNS3_CMDQ_DEPTH_DIV 8         /* unit of both depth registers */

/* Command receive queue: firmware to driver [1:2.2]. */
#define HNS3_REG_CRQ_BASE_L 0x27018
#define HNS3_REG_CRQ_BASE_H 0x2701c
#define HNS3_REG_CRQ_DEPTH  0x27020
#define HNS3_REG_CRQ_TAIL   0x27024
#define HNS3_REG_CRQ_HEAD   0x27028

/* Vector 0: causes and their clears [1:2.3] [1:2.4] [1:6.1]. */
#define HNS3_REG_CMDQ_SRC     0x27100
#define HNS3_CMDQ_SRC_RX      BIT32(1)
#define HNS3_REG_MISC_VECTOR  0x20400 /* 1 enabled, 0 masked */
#define HNS3_REG_RESET_CLEAR  0x20700 /* write 1 to clear in OTHER_INT_STS */
#define HNS3_REG_OTHER_INT    0x20800
#define HNS3_OTHER_INT_PTP    BIT32(0)
#define HNS3_OTHER_INT_GLOBAL BIT32(5)
#define HNS3_OTHER_INT_CORE   BIT32(6)
#define HNS3_OTHER_INT_IMP    BIT32(7)
#define HNS3_OTHER_INT_RESET  (HNS3_OTHER_INT_GLOBAL | HNS3_OTHER_INT_IMP)
#define HNS3_OTHER_INT_ERROR  BITS32(16, 8)
#define HNS3_REG_RPU_DROP     0x28004 /* revision 0x30 and above, clear on read */

/* Queue pair blocks [1:2.6] [2:3.1]: q is 0..1023. */
#define HNS3_REG_TQP(q)     (0x80000 + 0x200 * (uint32_t)(q))
#define HNS3_TQP_RX_BASE_L  0x00
#define HNS3_TQP_RX_BASE_H  0x04
#define HNS3_TQP_RX_BD_NUM  0x08 /* BDs / 8 - 1 */
#define HNS3_TQP_RX_BD_LEN  0x0c /* buffer length code */
#define HNS3_TQP_RX_HEAD    0x1c /* doorbell: count of BDs given back */
#define HNS3_TQP_RX_FBDNUM  0x20
#define HNS3_TQP_TX_BASE_L  0x40
#define HNS3_TQP_TX_BASE_H  0x44
#define HNS3_TQP_TX_BD_NUM  0x48
#define HNS3_TQP_TX_TC      0x50
#define HNS3_TQP_TX_TAIL    0x58 /* doorbell: count of new BDs */
#define HNS3_TQP_RING_EN    0x90
#define HNS3_RING_EN_ON     BIT32(0)
#define HNS3_RING_BDS_DIV   8
#define HNS3_RX_BD_LEN_512  0
#define HNS3_RX_BD_LEN_1024 1
#define HNS3_RX_BD_LEN_2048 2
#define HNS3_RX_BD_LEN_4096 3

/* Limits [2:3.2]. */
#define HNS3_RING_MIN_BDS      64
#define HNS3_RING_MAX_BDS      32768
#define HNS3_RING_BDS_ALIGN    32
#define HNS3_RING_BASE_ALIGN   128
#define HNS3_RX_ALIGN_HIP08    64
#define HNS3_RX_ALIGN_HIP09    128
#define HNS3_FRAME_MAX_BYTES   9728 /* with FCS */
#define HNS3_FRAME_OVERHEAD    26   /* 14 + 4 + 2 VLAN tags [3:1.4] */
#define HNS3_FRAME_FLOOR_BYTES 1526
#define HNS3_TX_MAX_BDS        8  /* per frame without TSO */
#define HNS3_TX_MIN_BYTES      33 /* [2:6.4] */
#define HNS3_RX_MAX_CHAIN_BDS  63
#define HNS3_PF_MAX_QUEUES     64 /* [1:1.3] */

#endif
