# Imported targets for what scripts/third_party fetches and builds:
#   parley::onnxruntime  ONNX Runtime: #include <onnxruntime_cxx_api.h>
#   parley::ggml         ggml, CPU only: #include <ggml.h>
#   parley::whisper      whisper.cpp upon it: #include <whisper.h>
#   parley::llama        llama.cpp upon it: #include <llama.h>
#   parley::llama_jinja  llama.cpp's interpreter of chat templates: #include <jinja/runtime.h>
#   parley::espeak_ng    espeak-ng: #include <espeak-ng/speak_lib.h>. GPL-3: for the piper engine alone.
#                        Defines PARLEY_ESPEAK_DATA_DIR, the folder espeak-ng-data itself.
# PARLEY_THIRD_PARTY is the folder that holds them all.

execute_process(
  COMMAND "${PROJECT_SOURCE_DIR}/scripts/third_party" --prefix
  OUTPUT_VARIABLE PARLEY_THIRD_PARTY
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT IS_DIRECTORY "${PARLEY_THIRD_PARTY}")
  message(FATAL_ERROR "Third-party libraries are missing from '${PARLEY_THIRD_PARTY}': "
                      "run scripts/third_party, then configure again.")
endif()
set_property(
  DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/scripts/third_party")

# parley_import(onnxruntime SHARED FILE lib/x.so INCLUDE include/x)
function(parley_import NAME KIND)
  cmake_parse_arguments(I "" "FILE;INCLUDE" "" ${ARGN})
  add_library(parley::${NAME} ${KIND} IMPORTED GLOBAL)
  set_target_properties(
    parley::${NAME} PROPERTIES IMPORTED_LOCATION "${PARLEY_THIRD_PARTY}/${I_FILE}"
                               INTERFACE_INCLUDE_DIRECTORIES "${PARLEY_THIRD_PARTY}/${I_INCLUDE}")
endfunction()

parley_import(onnxruntime SHARED FILE lib/libonnxruntime.so.1 INCLUDE include/onnxruntime)
parley_import(espeak_ng SHARED FILE lib/libespeak-ng.so.1 INCLUDE include)
target_compile_definitions(
  parley::espeak_ng INTERFACE PARLEY_ESPEAK_DATA_DIR="${PARLEY_THIRD_PARTY}/share/espeak-ng-data")

parley_import(ggml_base STATIC FILE lib/libggml-base.a INCLUDE include/ggml)
parley_import(ggml_cpu STATIC FILE lib/libggml-cpu.a INCLUDE include/ggml)
parley_import(ggml STATIC FILE lib/libggml.a INCLUDE include/ggml)
parley_import(whisper STATIC FILE lib/libwhisper.a INCLUDE include/ggml)
parley_import(llama STATIC FILE lib/libllama.a INCLUDE include/ggml)
parley_import(llama_jinja STATIC FILE lib/libllama-jinja.a INCLUDE include/ggml)
target_link_libraries(parley::ggml_base INTERFACE Threads::Threads m dl)
target_link_libraries(parley::ggml_cpu INTERFACE parley::ggml_base)
target_link_libraries(parley::ggml INTERFACE parley::ggml_cpu parley::ggml_base)
foreach(library whisper llama llama_jinja)
  target_link_libraries(parley::${library} INTERFACE parley::ggml)
endforeach()
