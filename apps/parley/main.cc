// The one command a user needs to know.
#include "cli/parley.h"

int main(int argc, char** argv) { return parley::cli::RunParley(argc, argv); }
