// A service as its operator describes it: who uses it, how, from where and under which promises, and the sites that may
// run it. The tables in service_spec.cpp are the only definition of the format.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/traffic/length.hpp"

namespace stargate {

/// "4000", "uniform(800, 1000)", "lognormal(1155, 1.4)".
template <>
struct Codec<LengthDistribution> {
  static std::string type_text() { return "tokens: 4000, uniform(800, 1000) or lognormal(mean, variation)"; }
  static void read(Reader& reader, const Node& node, LengthDistribution& out, const Rule&) {
    const auto* text = read_scalar(reader, node, type_text());
    if (text == nullptr) return;
    auto length = parse_length("", *text);
    if (!length) return reader.fault(node, length.faults()[0].message, length.faults()[0].hint);
    out = *length;
  }
};

/// Replicas that do whole requests, or that prefill and that decode.
enum class ServiceMode { aggregated, disaggregated };

struct ServiceSiteSpec {
  /// Ids of the catalogue.
  std::string site, system;
  std::optional<int> most_accelerators;  ///< that may stand there
  SourceNote source;
  static const RecordTable<ServiceSiteSpec>& table();
};

/// Lengths and the shared prefix are in tokens; `think` is the mean pause before the next turn of a session.
struct ServiceTenantSpec {
  std::string tenant, name;
  std::string home;                         ///< region of its users
  std::vector<std::string> residency;       ///< countries; empty: anywhere
  double seats = 0, sessions_per_seat = 0;  ///< people; conversations or jobs a day of each
  /// Of the rate of sessions over a day, which is a cosine with its top at peak_hour; at most 2, or it would fall below
  /// 0.
  double peak_to_mean = 1;
  double peak_hour = 12;  ///< hours after the simulation begins
  double burstiness = 1;  ///< coefficient of variation of the gaps
  /// Tokens of a turn.
  LengthDistribution prompt = LengthDistribution::fixed(1), output = LengthDistribution::fixed(1);
  /// Put before the first turn of a session.
  std::optional<LengthDistribution> documents;
  int shared_prefix = 0;  ///< tokens that all its prompts begin with
  double turns = 1;       ///< mean of a conversation
  Duration think;         ///< mean pause between an answer and the next turn
  int priority = 0;       ///< smaller goes first
  /// Prompt and output tokens, admitted by a bucket that holds a minute of them.
  std::optional<TokenRate> token_limit;
  std::optional<MoneyRate> seat_price;                     ///< what a seat pays, used or not
  std::optional<MoneyPerToken> input_price, output_price;  ///< what a token is sold for
  SourceNote source;
  static const RecordTable<ServiceTenantSpec>& table();
};

/// `share` of all requests are within each limit; 0: the means are. A limit that is absent is not asked for.
struct ServiceTargetSpec {
  std::optional<Duration> ttft, tpot;  ///< empty: no target
  double share = 0.99;                 ///< of the requests that must meet them
  static const RecordTable<ServiceTargetSpec>& table();
};

/// How the operator runs it; times to failure are of one accelerator, and one lost stops its replica.
struct ServiceOperationSpec {
  std::string router = "least-loaded";          ///< as router_policy_name has it
  std::optional<double> spill_at;               ///< requests a replica
  double headroom = 0.1;                        ///< over the peak of the mean rates
  double least_replicas = 0.25;                 ///< share of the peak's that always runs
  Duration start_up = 5.0 * minute;             ///< from the order of a replica to its first step
  Duration time_between_failures, repair_time;  ///< of one accelerator (0: never); of a replica. Means
  SourceNote source;
  static const RecordTable<ServiceOperationSpec>& table();
};

/// As written; `model` is an id of the catalogue and `stand_in` says in words what it stands for. `seed` alone decides
/// the random draws.
struct ServiceStudySpec {
  std::string name, about;                ///< for headings
  std::map<std::string, Source> sources;  ///< by id, of the study's own figures
  std::string model, stand_in;            ///< id; what it stands in for, in words
  /// Of the weights and the cache; else as the model is stored.
  std::optional<Precision> precision, kv_precision;
  std::string engine = "vllm";                 ///< vllm, sglang or trtllm
  ServiceMode mode = ServiceMode::aggregated;  ///< whole replicas, or prefill and decode apart
  std::vector<ServiceSiteSpec> sites;          ///< at least one
  std::vector<ServiceTenantSpec> tenants;      ///< at least one
  ServiceTargetSpec targets;                   ///< of every request
  ServiceOperationSpec operation;              ///< router, start-up, failures
  Duration duration = day;                     ///< of traffic that is simulated
  int seed = 1;                                ///< of traffic and failures
  static const RecordTable<ServiceStudySpec>& table();
};

template <>
struct EnumNames<ServiceMode> {
  static constexpr std::pair<const char*, ServiceMode> names[] = {{"aggregated", ServiceMode::aggregated},
                                                                  {"disaggregated", ServiceMode::disaggregated}};
};

}  // namespace stargate
