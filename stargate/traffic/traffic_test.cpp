// Traffic: readers tell formats by their header and name the faulty line; generated traffic has the rate, the variation
// and the lengths asked for, and is the same every time.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "stargate/traffic/source.hpp"
#include "stargate/traffic/trace_text.hpp"
#include "tests/measured_data.hpp"

namespace stargate {
namespace {

RequestTrace read_good(const std::string& text) {
  auto trace = parse_trace("t.csv", text);
  REQUIRE_MESSAGE(trace.ok(), format_diagnostics(trace.ok() ? Diagnostics{} : trace.faults()));
  return *trace;
}

TenantTraffic tenant_of(double rate, double cv = 1) {
  TenantTraffic tenant;
  tenant.name = "chat";
  tenant.arrivals = {rate, cv, {}};
  return tenant;
}

std::vector<IncomingRequest> draw_all(RequestSource& source) {
  std::vector<IncomingRequest> out;
  for (IncomingRequest request; source.next(request);) out.push_back(request);
  return out;
}

TEST_CASE("an Azure trace is read by its header, with times to a tenth of a microsecond") {
  const auto trace = read_good(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 "
      "18:15:50.9951690,396,109\n");
  CHECK(trace.format == "Azure");
  REQUIRE(trace.rows.size() == 2);
  CHECK(trace.rows[1].arrival.ns == 4'314'579'000);
  CHECK(trace.rows[1].prompt_tokens == 396);
  CHECK(trace.rows[1].output_tokens == 109);
}

TEST_CASE("timestamps cross midnight and leap days, and other zones are refused") {
  const auto before = parse_timestamp("2024-02-28 23:59:59.5"), after = parse_timestamp("2024-02-29T00:00:00Z");
  REQUIRE(before.has_value());
  REQUIRE(after.has_value());
  CHECK(*after - *before == 500'000'000);
  CHECK(*parse_timestamp("1970-01-02 00:00:00+00:00") == 86'400'000'000'000);
  CHECK(!parse_timestamp("2024-02-28 23:59:59+09:00"));
  CHECK(!parse_timestamp("2024-13-01 00:00:00"));
}

TEST_CASE("BurstGPT keeps models apart and leaves failed requests out") {
  const auto trace = read_good(
      "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n"
      "45,GPT-4,1087,230,1317,API log\n118,GPT-4,417,0,417,API log\n");
  CHECK(trace.format == "BurstGPT");
  CHECK(trace.rows.size() == 2);
  CHECK(trace.left_out == 1);
  CHECK(trace.labels == std::vector<std::string>{"ChatGPT", "GPT-4"});
  CHECK(trace.rows[1].label == 1);
  CHECK(trace.rows[1].arrival.ns == 40'000'000'000);
}

TEST_CASE("Mooncake's hash ids become prefix blocks that equal prefixes share") {
  const auto trace = read_good(
      "{\"timestamp\": 0, \"input_length\": 1300, \"output_length\": 5, \"hash_ids\": [0, 1, 2]}\n"
      "{\"timestamp\": 27, \"input_length\": 1100, \"output_length\": 7, \"hash_ids\": [0, 1, 9]}\n");
  CHECK(trace.format == "Mooncake");
  CHECK(trace.rows[1].arrival.ns == 27'000'000);
  CHECK(summarise_trace(trace).cached_share == doctest::Approx(1024.0 / 2400));
  auto source = make_trace_source(trace);
  IncomingRequest a, b;
  REQUIRE(source->next(a));
  REQUIRE(source->next(b));
  std::vector<std::uint64_t> x, y;
  source->prefix_blocks(a, 256, x);
  source->prefix_blocks(b, 256, y);
  REQUIRE(x.size() == 5);
  REQUIRE(y.size() == 4);
  CHECK(std::equal(y.begin(), y.end(), x.begin()));
  source->prefix_blocks(a, 512, x);
  source->prefix_blocks(b, 512, y);
  CHECK(x.size() == 2);
  CHECK(x == y);
}

TEST_CASE("Vidur and ServeGen, with and without arrivals, as CSV and as JSON") {
  CHECK(read_good("arrived_at,num_prefill_tokens,num_decode_tokens\n0.5,10,20\n").format == "Vidur");
  CHECK(!read_good("num_prefill_tokens,num_decode_tokens,pd_ratio\n10,20,0.5\n").has_arrivals);
  CHECK(read_good("timestamp,input_tokens,output_tokens\n0.5,10,20\n").format == "ServeGen");
  const auto json = read_good(
      "[{\"request_id\": 0, \"timestamp\": 1.5, \"data\": {\"input_tokens\": 7, "
      "\"output_tokens\": 9}},\n {\"request_id\": 1, \"timestamp\": 2.0, \"data\": "
      "{\"input_tokens\": 8, \"output_tokens\": 9}}]");
  CHECK(json.format == "ServeGen");
  CHECK(json.rows[1].arrival.ns == 500'000'000);
}

TEST_CASE("faults of a trace name the file, the line and what was due") {
  const auto unknown = parse_trace("t.csv", "time,in,out\n1,2,3\n");
  REQUIRE(!unknown.ok());
  CHECK(unknown.faults()[0].message == "the header is of no known trace");
  CHECK(unknown.faults()[0].hint.find("Azure (TIMESTAMP,ContextTokens,GeneratedTokens)") != std::string::npos);
  const auto rows = parse_trace("t.csv", "arrived_at,num_prefill_tokens,num_decode_tokens\n0,10,20\n1,x,20\n2,5\n");
  REQUIRE(!rows.ok());
  REQUIRE(rows.faults().size() == 2);
  CHECK(rows.faults()[0].file == "t.csv");
  CHECK(rows.faults()[0].line == 3);
  CHECK(rows.faults()[0].message == "'x' is no number of tokens");
  CHECK(rows.faults()[1].line == 4);
  CHECK(!parse_trace("t.csv", "").ok());
  const auto json = parse_trace("t.jsonl", "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 2}\n{oops}\n");
  REQUIRE(!json.ok());
  CHECK(json.faults()[0].line == 2);
}

TEST_CASE("days that are none, thousands set apart, names given twice and endless numbers are faults of a trace") {
  const std::string azure = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  CHECK(parse_trace("t", azure + "2024-02-29 18:15:46,5,6\n").ok());
  CHECK_FALSE(parse_trace("t", azure + "2023-02-31 18:15:46,5,6\n").ok());
  CHECK_FALSE(parse_trace("t", azure + "2023-04-31 18:15:46,5,6\n").ok());
  const std::string seconds = "timestamp,input_tokens,output_tokens\n";
  const auto thousands = parse_trace("t", seconds + "0.5,1,024,200\n");
  REQUIRE_FALSE(thousands.ok());
  CHECK(thousands.faults()[0].message == "4 cells where the header has 3");
  CHECK(thousands.faults()[0].line == 2);
  for (const char* bad : {"nan", "inf", "-1", "1e999", "4294967296", "many", ""}) {
    CHECK_FALSE_MESSAGE(parse_trace("t", seconds + "0.5," + bad + ",200\n").ok(), bad);
    CHECK_FALSE_MESSAGE(parse_trace("t", seconds + bad + "x,1,200\n").ok(), bad);
  }
  CHECK_FALSE(parse_trace("t", "timestamp,input_tokens,output_tokens,timestamp\n1,2,3,4\n").ok());
  CHECK_FALSE(
      parse_trace("t", "{\"timestamp\": 1, \"input_length\": 5, \"input_length\": 6, \"output_length\": 2}\n").ok());
}

TEST_CASE("a Splitwise trace and a usage log are read; files of tools that hold other things are refused by name") {
  const auto splitwise =
      parse_trace("t",
                  "request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size\n"
                  "0,2,0,0.0,1,1155,211\n1,2,0,0.7,1,900,100\n");
  REQUIRE(splitwise.ok());
  CHECK(splitwise->rows[1].arrival.seconds() == doctest::Approx(0.7));
  CHECK(splitwise->rows[0].output_tokens == 211);
  const auto log = parse_trace("t",
                               "{\"created\":1760000000,\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":50,"
                               "\"prompt_tokens_details\":{\"cached_tokens\":500}}}\n");
  REQUIRE(log.ok());
  CHECK(log->rows[0].prompt_tokens == 1000);
  const std::pair<const char*, const char*> foreign[] = {
      {"[{\"id\":\"a1\",\"conversations\":[{\"from\":\"human\",\"value\":\"x\"}]}]", "ShareGPT"},
      {"{\"metadata\":{\"request_start_ns\":17,\"was_cancelled\":false}}", "AIPerf records"},
      {"{\"benchmarks\":[{\"requests\":{\"successful\":[]}}]}", "GuideLLM"},
      {"{\"input_lens\":[1024],\"output_lens\":[128]}", "vLLM's benchmark"},
      {"{\"session_id\": \"s1\", \"delay\": 2, \"input_length\": 150}", "Mooncake with sessions"}};
  for (const auto& [text, name] : foreign) {
    const auto trace = parse_trace("t", text);
    REQUIRE_FALSE(trace.ok());
    CHECK(trace.faults()[0].message.starts_with(std::string("is a file of ") + name + ", which is not read"));
  }
}

TEST_CASE("a trace can be cut to a window and run at another rate") {
  std::string text = "arrived_at,num_prefill_tokens,num_decode_tokens\n";
  for (int i = 0; i < 101; ++i) text += std::to_string(i) + ",10,20\n";
  auto trace = read_good(text);
  REQUIRE(scale_trace(trace, {.from_s = 10, .until_s = 61, .rate = 4}).ok());
  CHECK(trace.rows.size() == 51);
  CHECK(trace.rows.front().arrival.ns == 0);
  CHECK(trace.rows.back().arrival.ns == 12'500'000'000);
  CHECK(!scale_trace(trace, {.from_s = 100, .until_s = {}, .rate = {}}).ok());
}

TEST_CASE("arrivals keep the rate and the variation asked for") {
  for (const double cv : {0.0, 0.5, 1.0, 2.5}) {
    ArrivalStream stream({50, cv, {}}, RandomStream(1, 0, "arrivals"));
    const int n = 200000;
    double sum = 0, squares = 0;
    SimTime before;
    for (int i = 0; i < n; ++i) {
      const SimTime now = stream.next();
      CHECK(now >= before);
      const double gap = (now - before).in(second);
      sum += gap, squares += gap * gap, before = now;
    }
    const double mean = sum / n;
    CHECK(mean == doctest::Approx(0.02).epsilon(0.02));
    CHECK(std::sqrt(std::max(0.0, squares / n - mean * mean)) / mean == doctest::Approx(cv).epsilon(0.03));
  }
}

TEST_CASE("a day has its peak where it was put and its mean as asked") {
  const RateProfile day = RateProfile::daily(1.8, 14);
  CHECK(day.largest() == doctest::Approx(1.8).epsilon(1e-3));
  ArrivalStream stream({2, 1, day}, RandomStream(7, 0, "arrivals"));
  std::vector<double> hours(24, 0);
  for (SimTime now = stream.next(); now.ns < 86'400'000'000'000; now = stream.next()) {
    ++hours[static_cast<std::size_t>(now.ns / 3'600'000'000'000)];
  }
  double all = 0;
  for (const double h : hours) all += h;
  CHECK(all / 86400 == doctest::Approx(2).epsilon(0.01));
  CHECK((hours[13] + hours[14]) / 2 / (2 * 3600) == doctest::Approx(1.79).epsilon(0.04));
  CHECK((hours[1] + hours[2]) / 2 / (2 * 3600) == doctest::Approx(0.21).epsilon(0.1));
}

TEST_CASE("lengths have the mean and the range they were asked for") {
  RandomStream stream(3, 0, "lengths");
  const auto uniform = parse_length("--isl", "uniform(800, 1000)");
  const auto lognormal = parse_length("--isl", " lognormal(1200, 1.5) ");
  REQUIRE(uniform.ok());
  REQUIRE(lognormal.ok());
  double sum = 0, log_sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const std::int32_t n = uniform->draw(stream);
    CHECK((n >= 800 && n <= 1000));
    sum += n, log_sum += lognormal->draw(stream);
  }
  CHECK(sum / 1e5 == doctest::Approx(900).epsilon(0.002));
  CHECK(log_sum / 1e5 == doctest::Approx(1200).epsilon(0.02));
  CHECK(LengthDistribution::empirical({5, 7}).mean() == 6);
  CHECK(!parse_length("--isl", "0").ok());
  CHECK(!parse_length("--isl", "uniform(5, 2)").ok());
  CHECK(!parse_length("--isl", "normal(5, 2)").ok());
  CHECK(parse_length("--isl", "12k").faults()[0].path == "--isl");
}

TEST_CASE("the same seed gives the same traffic, and a tenant more changes no other") {
  auto one = make_tenant_source({tenant_of(20)}, {-1, 100}, 5);
  TenantTraffic other = tenant_of(30);
  other.name = "batch";
  auto two = make_tenant_source({tenant_of(20), other}, {-1, 100}, 5);
  REQUIRE(one.ok());
  REQUIRE(two.ok());
  const auto alone = draw_all(**one), both = draw_all(**two);
  CHECK(alone.size() == doctest::Approx(2000).epsilon(0.1));
  CHECK(std::is_sorted(both.begin(), both.end(), [](auto& a, auto& b) { return a.arrival < b.arrival; }));
  std::size_t at = 0;
  for (const auto& request : both) {
    if (request.tenant != 0) continue;
    REQUIRE(at < alone.size());
    CHECK(request.arrival == alone[at++].arrival);
  }
  CHECK(at == alone.size());
}

TEST_CASE("a conversation's prompt holds all that was said, and its blocks are found again") {
  TenantTraffic tenant = tenant_of(1);
  tenant.prompt = LengthDistribution::fixed(100), tenant.output = LengthDistribution::fixed(50);
  tenant.shared_prefix = 200;
  tenant.session = {3, 10, LengthDistribution::fixed(1000), true};
  auto source = make_tenant_source({tenant}, {-1, 1000}, 5);
  REQUIRE(source.ok());
  IncomingRequest first, later;
  do {
    REQUIRE((*source)->next(first));
  } while (first.turns < 2);
  CHECK(first.prompt_tokens == 1300);
  REQUIRE((*source)->follow(first, first.arrival + 1 * second, later));
  CHECK(later.prompt_tokens == 1450);
  CHECK(later.turn == 1);
  CHECK(later.arrival > first.arrival + 1 * second);
  std::vector<std::uint64_t> a, b;
  (*source)->prefix_blocks(first, 50, a);
  (*source)->prefix_blocks(later, 50, b);
  CHECK(a.size() == 27);
  REQUIRE(b.size() >= a.size());
  CHECK(std::equal(a.begin(), a.end(), b.begin()));
}

TEST_CASE("a session's mean lengths are those its turns have") {
  TenantTraffic tenant = tenant_of(5);
  tenant.prompt = LengthDistribution::fixed(100), tenant.output = LengthDistribution::fixed(50);
  tenant.shared_prefix = 200;
  tenant.session = {4, 0, LengthDistribution::fixed(1000), true};
  auto source = make_tenant_source({tenant}, {-1, 2000}, 5);
  REQUIRE(source.ok());
  double prompts = 0, turns = 0;
  for (IncomingRequest r; (*source)->next(r);) {
    for (bool more = true; more;) {
      prompts += r.prompt_tokens, ++turns;
      IncomingRequest next;
      more = (*source)->follow(r, r.arrival, next);
      r = next;
    }
  }
  CHECK(prompts / turns == doctest::Approx(mean_lengths(tenant).isl).epsilon(0.02));
}

TEST_CASE("a closed loop keeps its number of clients, and stops at the number of requests") {
  TenantTraffic tenant = tenant_of(1);
  tenant.concurrency = 8;
  auto source = make_tenant_source({tenant}, {20, -1}, 5);
  REQUIRE(source.ok());
  const auto first = draw_all(**source);
  CHECK(first.size() == 8);
  int more = 0;
  for (IncomingRequest next; (*source)->follow(first[0], SimTime{1000}, next); ++more) CHECK(next.arrival.ns == 1000);
  CHECK(more == 12);
}

TEST_CASE("traffic without end is refused") {
  const auto endless = make_tenant_source({tenant_of(1)}, {}, 1);
  REQUIRE(!endless.ok());
  CHECK(endless.faults()[0].path == "duration");
  CHECK(!make_tenant_source({}, {10, -1}, 1).ok());
}

TEST_SUITE_BEGIN("measured data");

TEST_CASE("published traces are read whole") {
  const auto azure = measured_data("traces/azure2023/AzureLLMInferenceTrace_conv.csv");
  const auto kimi = measured_data("traces/mooncake/conversation_trace.jsonl");
  if (!azure || !kimi) return;
  const auto conv = load_trace(DiskFileReader(), *azure);
  REQUIRE(conv.ok());
  CHECK(conv->rows.size() + static_cast<std::size_t>(conv->left_out) == 19366);
  CHECK(summarise_trace(*conv).isl == doctest::Approx(1155).epsilon(0.01));
  const auto mooncake = load_trace(DiskFileReader(), *kimi);
  REQUIRE(mooncake.ok());
  CHECK(mooncake->rows.size() + static_cast<std::size_t>(mooncake->left_out) == 12031);
  CHECK(summarise_trace(*mooncake).cached_share == doctest::Approx(0.4).epsilon(0.1));
}

TEST_SUITE_END();

}  // namespace
}  // namespace stargate
