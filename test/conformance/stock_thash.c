/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RSS hashes by DPDK's own rte_softrss(): the independent prediction of the stock driver's queue
 * spread. Reads lines "KEY TUPLE", both in hexadecimal as they stand in memory and on the wire,
 * writes one hash a line.
 */
#include <rte_byteorder.h>
#include <rte_thash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of @p text; how many, or -1 if it is not hexadecimal or too long. */
static int
hex_parse(const char *text, uint8_t *out, size_t max)
{
	size_t len = strlen(text);

	if (len % 2 || len / 2 > max)
		return -1;
	for (size_t i = 0; i < len / 2; i++) {
		unsigned int byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return -1;
		out[i] = (uint8_t)byte;
	}
	return (int)(len / 2);
}

int
main(void)
{
	char key_text[129], tuple_text[129];

	while (scanf("%128s %128s", key_text, tuple_text) == 2) {
		uint8_t key[64] = { 0 };
		uint32_t tuple[16];
		int nb_key = hex_parse(key_text, key, 52);
		int nb_tuple = hex_parse(tuple_text, (uint8_t *)tuple, sizeof(tuple));

		if (nb_key < 0 || nb_tuple < 0 || nb_tuple % 4 || nb_key < nb_tuple + 4) {
			fprintf(stderr, "stock_thash: bad line \"%s %s\"\n", key_text, tuple_text);
			return EXIT_FAILURE;
		}
		for (int i = 0; i < nb_tuple / 4; i++)
			tuple[i] = rte_be_to_cpu_32(tuple[i]);
		printf("%08x\n", rte_softrss(tuple, (uint32_t)nb_tuple / 4, key));
	}
	return EXIT_SUCCESS;
}
