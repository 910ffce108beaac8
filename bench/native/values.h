/*
 * What the keys' values are, so that every hit can be checked byte for byte: a value is a window into one fixed pattern
 * of bytes, and the key's number says where the window begins.
 */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include <stddef.h>
#include <stdint.h>

/* The pattern for values of one length; `same` gives all keys the value of key 0. Ends the program without memory. */
void values_init(size_t value_bytes, int same);

size_t value_bytes(void);

const char *value_of(uint64_t key);

#endif
