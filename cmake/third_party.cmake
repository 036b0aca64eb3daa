# Imported targets for what scripts/third_party fetches and builds:
#   parley::onnxruntime  ONNX Runtime: #include <onnxruntime_cxx_api.h>
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
