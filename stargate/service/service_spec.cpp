// The field tables of a service's study.
#include "stargate/service/service_spec.hpp"

namespace stargate {

const RecordTable<ServiceSiteSpec>& ServiceSiteSpec::table() {
  using S = ServiceSiteSpec;
  static const auto table = RecordTable<S>("service site", "A place where replicas may run.")
                                .required("site", &S::site, "Id of a site of the catalogue.")
                                .required("system", &S::system, "Id of the system that stands there.")
                                .optional("most_accelerators", &S::most_accelerators,
                                          "That may stand there; else as many as it takes.", positive)
                                .required("source", &S::source, "Where this comes from.");
  return table;
}

const RecordTable<ServiceTenantSpec>& ServiceTenantSpec::table() {
  using T = ServiceTenantSpec;
  static const Rule at_least_one{.at_least = 1.0, .above = {}, .at_most = {}};
  static const auto table =
      RecordTable<T>("tenant", "One customer, or one kind of use.")
          .required("tenant", &T::tenant, "Its id.")
          .required("name", &T::name, "What people call it.")
          .required("home", &T::home, "Region its users are in, as routes name it.")
          .optional("residency", &T::residency, "Countries its data may be in; else anywhere.")
          .required("seats", &T::seats, "People who use it.", positive)
          .required("sessions_per_seat", &T::sessions_per_seat, "Conversations or jobs of each a day.", positive)
          .optional("peak_to_mean", &T::peak_to_mean, "Highest rate of the day over the mean; at most 2.",
                    Rule{.at_least = 1.0, .above = {}, .at_most = 2.0})
          .optional("peak_hour", &T::peak_hour, "When that is, in hours after the beginning.",
                    Rule{.at_least = 0.0, .above = {}, .at_most = 24.0})
          .optional("burstiness", &T::burstiness,
                    "Coefficient of variation of the gaps between sessions; 1 is Poisson.", positive)
          .required("prompt", &T::prompt, "New tokens of a turn.")
          .required("output", &T::output, "Tokens of an answer.")
          .optional("documents", &T::documents, "Tokens put before the first turn of a session.")
          .optional("shared_prefix", &T::shared_prefix, "Tokens all of its requests begin with: instructions, tools.",
                    not_negative)
          .optional("turns", &T::turns, "Mean turns of a session, whose context grows.", at_least_one)
          .optional("think", &T::think, "Mean pause between an answer and the next turn.", not_negative)
          .optional("priority", &T::priority, "Smaller goes first.", not_negative)
          .optional("token_limit", &T::token_limit,
                    "Prompt and output tokens a second it may send; a minute's worth at once.", positive)
          .optional("seat_price", &T::seat_price, "What a seat pays, such as \"25 $/month\".", not_negative)
          .optional("input_price", &T::input_price, "What a token of a prompt pays.", not_negative)
          .optional("output_price", &T::output_price, "What a token of an answer pays.", not_negative)
          .required("source", &T::source, "Where the figures come from.");
  return table;
}

const RecordTable<ServiceTargetSpec>& ServiceTargetSpec::table() {
  using T = ServiceTargetSpec;
  static const auto table =
      RecordTable<T>("latency targets", "What is promised.")
          .optional("ttft", &T::ttft, "Time to the first token.", positive)
          .optional("tpot", &T::tpot, "Time of each further token.", positive)
          .optional("share", &T::share, "Of the requests that are inside; 0: the mean is.", fraction);
  return table;
}

const RecordTable<ServiceOperationSpec>& ServiceOperationSpec::table() {
  using O = ServiceOperationSpec;
  static const auto table =
      RecordTable<O>("operation", "How the replicas are run.")
          .optional("router", &O::router,
                    "round-robin, random, two-choices, least-loaded, prefix-aware, kv-aware, tenant or session.")
          .optional("spill_at", &O::spill_at,
                    "Requests a replica from which the next nearest site helps; else only when none runs.", positive)
          .optional("headroom", &O::headroom, "Capacity over the peak of the mean rates.", not_negative)
          .optional("least_replicas", &O::least_replicas, "Share of the peak's replicas that always runs.", fraction)
          .optional("start_up", &O::start_up, "From the order of a replica to its first step.", not_negative)
          .optional("time_between_failures", &O::time_between_failures, "Of one accelerator, mean; 0: never.",
                    not_negative)
          .optional("repair_time", &O::repair_time, "Mean.", not_negative)
          .required("source", &O::source, "Where the figures come from.");
  return table;
}

const RecordTable<ServiceStudySpec>& ServiceStudySpec::table() {
  using S = ServiceStudySpec;
  static const auto table =
      RecordTable<S>("service study", "A service to size, to run under its traffic and to price.")
          .required("name", &S::name, "Its title.")
          .required("about", &S::about, "A paragraph: what is asked, and what the stand-ins are.")
          .optional("sources", &S::sources, "Sources in addition to the catalogue's.")
          .required("model", &S::model, "Id of a model of the catalogue.")
          .required("stand_in", &S::stand_in, "What the model stands for.")
          .optional("precision", &S::precision, "Of the weights; else as the model is stored.")
          .optional("kv_precision", &S::kv_precision, "Of the cache; else as the model is stored.")
          .optional("engine", &S::engine, "Whose rules and overheads: vllm, sglang or trtllm.")
          .optional("mode", &S::mode, "Replicas that do whole requests, or that prefill and that decode.")
          .required("sites", &S::sites, "Places where replicas may run.")
          .required("tenants", &S::tenants, "Who uses it.")
          .required("targets", &S::targets, "What is promised.")
          .required("operation", &S::operation, "How the replicas are run.")
          .optional("duration", &S::duration, "Of the traffic that is simulated.", positive)
          .optional("seed", &S::seed, "Of the random numbers.", not_negative);
  return table;
}

}  // namespace stargate
