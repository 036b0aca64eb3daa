# The models: the graphs upon ggml, speech as a stream, and the golden sets of both.
set(COSYVOICE2_MODELS_SOURCES
    flow/encoder.cc
    flow/estimator.cc
    flow/flow.cc
    flow/kv_pages.cc
    flow/noise.cc
    flow/sinusoids.cc
    goldens/flow_sets.cc
    goldens/hift_sets.cc
    goldens/lm_sets.cc
    goldens/model_data.cc
    goldens/model_sets.cc
    hift/hift.cc
    hift/source.cc
    hift/stft16.cc
    hift/vocoder_stream.cc
    lm/bistream.cc
    lm/generate.cc
    lm/lm.cc
    lm/ras.cc
    nn/attention.cc
    nn/executor.cc
    nn/gemm.cc
    nn/graph.cc
    nn/kernels.cc
    nn/ops.cc
    nn/weight_store.cc
    stream/hop_plan.cc)
set(COSYVOICE2_MODELS_DEPS engine_ggml)
set(COSYVOICE2_MODELS_TESTS
    goldens/model_sets_test.cc
    hift/hift_test.cc)
# These loops are vectorized whatever the build is; the engine asks for AVX2 at its start.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(
    nn/gemm.cc nn/kernels.cc
    PROPERTIES COMPILE_OPTIONS
               "-O3;-mavx2;-mfma;-ffp-contract=fast;-fno-math-errno;-fno-trapping-math;-fno-signed-zeros")
endif()
