// PARLEY_CLONES before a function makes it a second time for AVX-512, taken where the CPU has that;
// the arithmetic and its order are the same. GCC alone, and not under sanitizers, which do not bear
// the resolvers that run before them.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PARLEY_CLONES __attribute__((target_clones("arch=x86-64-v4", "default")))
#else
#define PARLEY_CLONES
#endif
