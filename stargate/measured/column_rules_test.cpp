// Prose becomes columns, once, and says by which rules.
#include "stargate/measured/column_rules.hpp"

#include <doctest/doctest.h>

#include "stargate/measured/serving_row.hpp"
#include "stargate/measured/training_row.hpp"

using namespace stargate;

namespace {

/// The cell that the rules write for one row of the given columns.
std::string cell_of(const char* kind, const std::string& text, const char* column) {
  auto table = parse_csv("m.csv", text);
  REQUIRE(table);
  apply_column_rules(kind, *table);
  return table->rows[0].cells[*table->column(column)];
}

}  // namespace

TEST_CASE("a pattern finds numbers, case and blanks aside, where a word begins") {
  std::vector<std::string> found;
  CHECK(mentions("lengths uniform in [0.8,1.0]x", "Uniform in [{n},", found));
  CHECK(found == std::vector<std::string>{"0.8"});
  found.clear();
  CHECK(mentions("FSDP 128 x DP 4", "DP {n}", found));
  CHECK(found == std::vector<std::string>{"4"});  // not that of FSDP
  found.clear();
  CHECK(mentions("1600 Gb/s per node RoCE", "{n} Gb/s per node", found));
  CHECK(found == std::vector<std::string>{"1600"});
  found.clear();
  CHECK_FALSE(mentions("NVLink5", "NVL{n}", found));
  CHECK_FALSE(mentions("overlap", "lap", found));
  CHECK(found.empty());
  CHECK_FALSE(mentions(std::string(300'000, '1'), "{n}x{n} Gb", found));
}

TEST_CASE("prose of training rows becomes columns") {
  const auto network = [](const char* text, const char* column) {
    return cell_of("training", std::string("inter_node_net,gpus\n\"") + text + "\",16\n", column);
  };
  CHECK(network("8x400Gb/s NDR InfiniBand per node", "node_scale_out_gbps") == "3200");
  CHECK(network("1600 Gb/s per node RoCE (200 Gb/s per GPU)", "node_scale_out_gbps") == "1600");
  CHECK(network("ConnectX-7 400Gb/s per GPU (spec)", "scale_out_gbps") == "400");
  CHECK(network("3x100GbE per card scale-out", "scale_out_gbps") == "300");
  CHECK(network("single slice (ICI only)", "scale_out_gbps").empty());
  const auto domain = [](const char* text) {
    return cell_of("training", std::string("intra_node_net,gpus\n") + text + ",16\n", "scale_up_domain");
  };
  CHECK(domain("NVLink5 NVL72 1.8 TB/s per GPU") == "72");
  CHECK(domain("ICI 2D torus 16x16") == "256");
  CHECK(domain("ICI 3D torus") == "16");
  const auto zero = [](const char* text) {
    return cell_of("training", std::string("zero_or_fsdp,a\n") + text + ",\n", "zero_stage");
  };
  CHECK(zero("none") == "0");
  CHECK(zero("SHARD_GRAD_OP") == "2");
  CHECK(zero("FSDP FULL_SHARD (ZeRO-3)") == "3");
  CHECK(zero("fsdp_transpose 256") == "3");
  CHECK(zero("distributed optimizer").empty());
  const std::string jax = "framework,recompute,notes\nMaxText/JAX,selective,";
  CHECK(cell_of("training", jax + "\n", "recompute_modules") == "layer");
  CHECK(cell_of("training", jax + "SAVE_DOT_ONLY\n", "recompute_modules").empty());
  CHECK(cell_of("training", jax + "cuda_graph=full_iteration\n", "launch") == "whole_step");
  CHECK(cell_of("training", jax + "cuda_graph=attn\n", "launch") == "layer_graphs");
  CHECK(cell_of("training", jax + "cuda_graph=none\n", "launch").empty());
}

TEST_CASE("prose of serving rows becomes columns") {
  const std::string head = "year,engine,engine_version,ep,dp,notes\n";
  CHECK(cell_of("serving", head + "2025,vLLM,1,,,\"uniform in [0.8,1.0]x\"\n", "shortest_length") == "0.8");
  CHECK(cell_of("serving", head + "2025,vLLM,1,,,measured 2025-10-29\n", "measured") == "2025-10");
  CHECK(cell_of("serving", head + "2024,vLLM (a fork),,,,\n", "measured") == "2023-06");
  CHECK(cell_of("serving", head + "2025,x,1,,,with attention DP enabled\n", "attention_dp") == "yes");
  CHECK(cell_of("serving", head + "2025,x,1,8,,with attention DP enabled\n", "attention_dp").empty());
}

TEST_CASE("a column that is filled stays, a converted table stays, and rules are counted") {
  CHECK(cell_of("training", "notes,launch\ncuda_graph=full,host\n", "launch") == "host");
  CHECK(cell_of("training", "notes,rules_applied,launch\ncuda_graph=full,,\n", "launch").empty());
  CHECK(cell_of("training", "framework,model\nMaxText/JAX,x [LoRA]\n", "rules_applied") == "kernels one-copy lora");
  std::vector<MeasuredRow> rows(2);
  rows[0].rules = "launch-graph lora", rows[1].rules = "lora";
  CHECK(count_rules(rows) == RuleCounts{{"launch-graph", 1}, {"lora", 2}});
  CHECK(format_rule_counts({}).empty());
}

TEST_CASE("cells that are not what their column holds are refused with line and column") {
  const auto table = parse_csv(
      "m.csv",
      "id,source_group,engine,model,weights_dtype,accelerator,gpus,tp,pp,isl,osl,concurrency_or_batch,request_rate,"
      "metric,value,shortest_length,measured\n"
      "1,s,vLLM,m,fp8,h,1,1,1,nan,1,1,inf,tpot_ms,3,,\n2,s,vLLM,m,fp8,h,1,1,1,1,-1,1,inf,tpot_ms,inf,2,2025-13\n");
  REQUIRE(table);
  const auto rows = read_measured_serving(*table);
  REQUIRE_FALSE(rows);
  std::vector<std::pair<int, std::string>> places;
  for (const auto& fault : rows.faults()) places.emplace_back(fault.line, fault.path);
  CHECK(places == std::vector<std::pair<int, std::string>>{
                      {2, "isl"}, {3, "osl"}, {3, "value"}, {3, "measured"}, {3, "shortest_length"}});
}
