# Everything but the models: weights, text, audio, voices, golden data.
set(COSYVOICE2_FRONT_SOURCES
    commands.cc
    goldens/front_sets.cc
    goldens/goldens_command.cc
    goldens/registry.cc
    weights/generated.cc
    weights/hash_generator.cc
    weights/manifest.cc
    weights/npy.cc
    weights/weights.cc)
set(COSYVOICE2_FRONT_TESTS
    goldens/registry_test.cc
    testing/golden_data.cc
    weights/generated_test.cc
    weights/npy_test.cc)
set(COSYVOICE2_FRONT_FUZZERS)
