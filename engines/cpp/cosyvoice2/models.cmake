# The models: the graphs upon ggml, speech as a stream, and the golden sets of both.
set(COSYVOICE2_MODELS_SOURCES
    engine.cc
    engine_options.cc
    flow/encoder.cc
    flow/estimator.cc
    flow/flow.cc
    flow/kv_pages.cc
    flow/noise.cc
    flow/sinusoids.cc
    goldens/flow_sets.cc
    goldens/full_sets.cc
    goldens/hift_sets.cc
    goldens/lm_sets.cc
    goldens/model_data.cc
    goldens/model_sets.cc
    goldens/stream_sets.cc
    hift/hift.cc
    hift/source.cc
    hift/stft16.cc
    hift/vocoder_stream.cc
    lm/bistream.cc
    lm/generate.cc
    lm/lm.cc
    lm/lm_batcher.cc
    lm/ras.cc
    load_models.cc
    nn/attention.cc
    nn/executor.cc
    nn/gemm.cc
    nn/gemm8.cc
    nn/graph.cc
    nn/kernels.cc
    nn/ops.cc
    nn/weight_store.cc
    stream/hop_plan.cc
    stream/mel_stream.cc
    stream/prompt_caches.cc
    stream/speech.cc)
set(COSYVOICE2_MODELS_DEPS engine_ggml)
set(COSYVOICE2_MODELS_BENCHES cosyvoice2_bench.cc)
set(COSYVOICE2_MODELS_TEST_DEPS parley_engine_testing)
set(COSYVOICE2_MODELS_TESTS
    load_models_test.cc
    engine_test.cc
    flow/flow_test.cc
    goldens/model_sets_test.cc
    hift/hift_test.cc
    lm/lm_batcher_test.cc
    lm/lm_test.cc
    nn/nn_test.cc
    stream/speech_test.cc
    testing/tiny_models.cc)

# These loops are vectorized whatever the build is; the engine asks for AVX2 at its start.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(
    nn/gemm.cc nn/gemm8.cc nn/kernels.cc
    PROPERTIES COMPILE_OPTIONS
               "-O3;-mavx2;-mfma;-ffp-contract=fast;-fno-math-errno;-fno-trapping-math;-fno-signed-zeros")
endif()
