// For tidy.pml: how many different states were seen, by their bytes.
#include <stdint.h>

enum { slots_of_states = 1 << 24 };
static struct State kept_state;
static unsigned char (*seen_states)[16];
static unsigned long number_of_states;

static void say_number_of_states(void) { printf("tidy states: %lu\n", number_of_states); }

static uint64_t digest(unsigned char const *bytes, unsigned long length, uint64_t value) {
    for (unsigned long i = 0; i < length; i++) value = (value ^ bytes[i]) * 0x100000001b3, value ^= value >> 29;
    return value;
}

// Two digests of 64 bits stand for a state.
static void count_state(void const *state, unsigned long length) {
    uint64_t const both[2] = {digest(state, length, 0xcbf29ce484222325), digest(state, length, 0x9e3779b97f4a7c15) | 1};
    if (!seen_states) {
        seen_states = calloc(slots_of_states, 16);
        atexit(say_number_of_states);
    }
    unsigned long slot = both[0] % slots_of_states;
    static unsigned char const free_slot[16];
    while (memcmp(seen_states[slot], free_slot, 16) != 0) {
        if (memcmp(seen_states[slot], both, 16) == 0) return;
        slot = (slot + 1) % slots_of_states;
    }
    memcpy(seen_states[slot], both, 16);
    if (++number_of_states > slots_of_states / 2) { printf("too many states to count\n"); exit(1); }
}
