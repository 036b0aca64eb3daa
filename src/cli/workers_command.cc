#include "cli/workers_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "cli/client.h"
#include "cli/server_settings.h"
#include "rpc/worker_check.h"

namespace parley::cli {
namespace {

using nlohmann::json;

// The answer's body, which is ours: only its absence is an error.
Result<json> ParseAnswer(const std::string& body) {
  json parsed = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return Fail(Code::kDataLoss, "the server's answer is no JSON object");
  return parsed;
}

// "2/4 piper/joe": streams, slots, name; models that are not ready with their state.
std::string ModelWords(const json& model) {
  const std::string state = model.value("state", "");
  if (state == "absent") return "";
  const std::string id = model.value("id", "");
  if (state != "ready") return fmt::format("{} ({})", id, state);
  return fmt::format("{} {}/{}", id, model.value("in_use", 0), model.value("slots", 0));
}

void PrintWorker(const json& worker) {
  fmt::print("{:<24} {:<28} {:<12} {:<8} {:<8} {}\n", worker.value("name", ""),
             worker.value("address", ""), worker.value("state", ""), worker.value("device", ""),
             worker.value("zone", ""), worker.value("in_flight", 0));
  const std::string why = worker.value("why", "");
  if (!why.empty()) fmt::print("  → {}\n", why);
  const auto models = worker.find("models");
  if (models == worker.end() || !models->is_array()) return;
  for (const json& model : *models) {
    if (const std::string words = ModelWords(model); !words.empty()) fmt::print("  {}\n", words);
  }
}

Result<int> ListWorkers(const ConfigOptions& options, bool as_json) {
  PARLEY_TRY(const Settings settings, ReadSettings(options));
  const Client client = Client::Find(settings);
  PARLEY_TRY(const net::HttpResponse answer, client.Call({}, "/v1/admin/workers"));
  PARLEY_TRY(const json shown, ParseAnswer(answer.body));
  if (as_json) {
    fmt::print("{}\n", shown.dump(2));
    return kDone;
  }
  fmt::print("{:<24} {:<28} {:<12} {:<8} {:<8} {}\n", "WORKER", "ADDRESS", "STATE", "DEVICE",
             "ZONE", "STREAMS");
  const auto workers = shown.find("workers");
  if (workers == shown.end() || workers->empty()) fmt::print("none\n");
  for (const json& worker : workers == shown.end() ? json::array() : *workers) PrintWorker(worker);
  if (shown.value("stale", false)) {
    fmt::print("\nRedis cannot be read: this is how it was when it last could.\n");
  }
  return kDone;
}

Result<int> Drain(const ConfigOptions& options, const std::string& name, int deadline_s) {
  PARLEY_TRY(const Settings settings, ReadSettings(options));
  const Client client = Client::Find(settings);
  const json body = {{"worker", name}, {"deadline_ms", int64_t{deadline_s} * 1000}};
  net::HttpCall call{.method = "POST", .body = body.dump()};
  call.headers.Set("Content-Type", "application/json");
  call.timeout_ms = (int64_t{deadline_s} + 30) * 1000;
  PARLEY_TRY(const net::HttpResponse answer,
             client.Call(std::move(call), "/v1/admin/workers/drain"));
  fmt::print("{} is drained: it takes no new streams and has none left\n", name);
  return kDone;
}

struct CheckOptions {
  rpc::WorkerCheckConfig config;
  bool as_json = false;
};

Result<int> Check(const ConfigOptions& options, CheckOptions check) {
  PARLEY_TRY(const Settings settings, ReadSettings(options));
  PARLEY_TRY_STATUS(log::Init("parley", "off"));
  const gateway::GatewayConfig& gateway = settings.servers->gateway.gateway;
  check.config.client.key = gateway.worker_key;
  check.config.client.key_in_clear = gateway.worker_key_in_clear;
  check.config.client.tls = gateway.worker_tls;
  PARLEY_TRY_STATUS(check.config.client.Validate());
  if (!check.as_json) {
    check.config.on_check = [](const ports::ContractCheck& done) {
      fmt::print("{}\n", done.ToText());
      std::fflush(stdout);
    };
  }
  const rpc::WorkerCheckReport report = rpc::CheckWorker(check.config);
  if (check.as_json) {
    fmt::print("{}\n", report.ToJson());
    return report.Passed() ? kDone : kFailed;
  }
  fmt::print("\n{}: {}\n", report.worker.empty() ? report.address : report.worker,
             report.Summary());
  return report.Passed() ? kDone : kFailed;
}

}  // namespace

void AddWorkersCommand(CLI::App& app, Context& context) {
  CLI::App& workers = *app.add_subcommand(
      "workers", "Workers that the gateway knows, their models and what they do now");
  workers.require_subcommand(0, 1);
  SetExamples(workers,
              "  parley workers\n"
              "  parley workers --json\n"
              "  parley workers drain gpu-1                  before it is updated\n"
              "  parley workers drain gpu-1 --deadline 600   calls may last so long\n");
  AddClientOptions(workers, context);
  auto as_json = std::make_shared<bool>(false);
  workers.add_flag("--json", *as_json, "As JSON");
  SetWork(workers, context, [&context, &workers, as_json]() -> Result<int> {
    // The command below has done the work.
    if (!workers.get_subcommands().empty()) return context.exit_code;
    return ListWorkers(context.config, *as_json);
  });

  CLI::App& drain = *workers.add_subcommand(
      "drain", "Send a worker nothing new, and wait until its streams have ended");
  auto name = std::make_shared<std::string>();
  auto deadline_s = std::make_shared<int>(60);
  drain.add_option("NAME", *name, "As in the list")->required();
  drain.add_option("--deadline", *deadline_s, "Seconds after which what still runs is cut");
  SetWork(drain, context,
          [&context, name, deadline_s] { return Drain(context.config, *name, *deadline_s); });
}

void AddWorkerCommand(CLI::App& app, Context& context) {
  CLI::App& worker = *app.add_subcommand("worker", "Hold a worker to the contract");
  worker.require_subcommand(1);
  SetExamples(worker,
              "  parley worker check unix:/tmp/parley-worker.sock\n"
              "  parley worker check 10.0.0.7:50051 --voice piper/amy --json\n"
              "  parley worker check 127.0.0.1:50051 --only pause_loses_nothing\n");
  AddConfigOptions(worker, context);

  CLI::App& check = *worker.add_subcommand(
      "check", "Run streams of every kind through a worker, a line for each claim");
  auto options = std::make_shared<CheckOptions>();
  rpc::WorkerCheckConfig& config = options->config;
  check.add_option("ADDRESS", config.client.address, "unix:/path or host:port")->required();
  check.add_option("--voice", config.voice, "Voice model; without it the worker's default");
  check.add_option("--recognizer", config.recognizer, "Recognizer; without it the default");
  check.add_option("--llm", config.language_model, "Language model; without it the default");
  check.add_option("--only", config.only, "Names of claims, with commas; without it, all")
      ->delimiter(',')
      ->allow_extra_args(false);
  check.add_flag("--json", options->as_json, "As JSON");
  SetWork(check, context, [&context, options] { return Check(context.config, *options); });
}

}  // namespace parley::cli
