#include "gateway/settings.h"

namespace parley::gateway {

session::Session::Config Settings::SessionConfig() const {
  session::Session::Config config = session;
  config.defaults.instructions = llm.DefaultInstructions();
  config.prompt_tokens_max = llm.context_tokens;
  config.reply_tokens_max = llm.max_tokens;
  return config;
}

void BindOwnSettings(config::Binder& binder, Settings& settings) {
  BindConfig(binder, settings.gateway);
  router::BindConfig(binder, settings.router);
  binder.Choice("gateway.log_level", &settings.log_level,
                {"trace", "debug", "info", "warn", "error", "off"}, "How much is logged.");
  session::Session::Config& session = settings.session;
  binder.Field("session.vad_model", &settings.vad_model, "Model that says who is speaking.");
  binder.Field("session.end_of_turn_model", &settings.end_of_turn_model,
               "Model that judges whether the caller has finished; empty: rules alone decide.");
  binder.Field("session.language", &session.language,
               "Language of callers whose client names none.");
  binder.Field("session.lead_ms", &session.lead_ms, {40, 5000},
               "How far ahead of its time speech is sent; less is lost by an interruption, more "
               "rides out a bad network.");
  binder.Field("session.speculation", &session.speculation,
               "Think ahead while the caller may have finished: answers sooner, wastes tokens.");
  binder.Field("session.trace_dir", &session.trace_dir,
               "Folder in which each session's events are recorded, words but no sound, for "
               "'parley replay'; empty: nothing is recorded.");
  binder.Field("session.apology", &session.apology,
               "What is said when a reply failed; its sound is made at start.");
}

void BindSettings(config::Binder& binder, Settings& settings) {
  BindOwnSettings(binder, settings);
  registry::BindConfig(binder, settings.redis);
  dialogue::BindConfig(binder, settings.llm);
  catalog::BindConfig(binder, settings.models);
  for (const char* section : {"worker", "up", "client"}) binder.Elsewhere(section);
}

}  // namespace parley::gateway
