#include "gateway/run.h"

int main(int argc, char** argv) { return parley::gateway::RunGateway(argc, argv); }
