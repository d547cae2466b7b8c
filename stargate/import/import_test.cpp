// Configurations of other programs, a few lines each: what is understood, what is listed as ignored, what is a fault.
#include <doctest/doctest.h>

#include "stargate/import/import_layout.hpp"

using namespace stargate;

namespace {

ImportedLayout layout_of(const char* file, std::string_view text, std::int64_t gpus = 0) {
  const auto options = read_import_options(file, text);
  if (!options) FAIL(format_diagnostics(options.faults()));
  auto layout = import_layout(*options, gpus);
  if (!layout) FAIL(format_diagnostics(layout.faults()));
  return std::move(layout).value();
}

std::string faults_of(const char* file, std::string_view text, std::int64_t gpus = 0) {
  const auto options = read_import_options(file, text);
  if (!options) return format_diagnostics(options.faults());
  const auto layout = import_layout(*options, gpus);
  REQUIRE_FALSE(layout.ok());
  return format_diagnostics(layout.faults());
}

}  // namespace

TEST_CASE("Megatron arguments give sizes, batch and ZeRO stage; the rest is listed with its line") {
  const auto l = layout_of("run.sh",
                           "--tensor-model-parallel-size 8 --pipeline-model-parallel-size=2 --num-layers 32 \\\n"
                           "  --num-layers-per-virtual-pipeline-stage 4 --use-distributed-optimizer --lr 1e-4\n"
                           "--micro-batch-size 2 --global-batch-size 64 --seq-length 4096 --sequence-parallel\n",
                           64);
  CHECK(l.tensor == 8);
  CHECK(l.pipeline == 2);
  CHECK(l.virtual_pipeline == 4);
  CHECK(l.data == 4);
  CHECK(l.zero_stage == 1);
  CHECK(l.sequence_parallel);
  REQUIRE(l.ignored.size() == 1);
  CHECK(l.ignored[0].path == "--lr");
  CHECK(l.ignored[0].at.line == 2);
  CHECK(format_import_command(l, "m", "s") ==
        "stargate train --model m --system s --gpus 64 --global-batch-size 64 --seq-length 4096 --tp 8 --pp 2 --vpp 4 "
        "--dp 4 --micro-batch-size 2 --zero 1 --sequence-parallel\n");
}

TEST_CASE("launch scripts: variables, defaults, arrays, products, options inside a text, comments") {
  const auto l = layout_of("run.sh",
                           "NODES=4 # of 8\nTP=2\nGPUS=$((NODES * 8))\nARGS=(\n  --context-parallel-size ${CP:-2}\n)\n"
                           "MORE=\"--tensor-model-parallel-size $TP \\\n --micro-batch-size 1\"\n"
                           "#  --pipeline-model-parallel-size 4\ntorchrun ${ARGS[@]} $MORE --world-size $GPUS\n");
  CHECK(l.tensor == 2);
  CHECK(l.context == 2);
  CHECK(l.pipeline == 1);
  CHECK(l.gpus == 32);
  CHECK(l.data == 8);
  CHECK(l.global_batch_size == 8);
  CHECK(l.ignored.empty());
}

TEST_CASE("Megatron's YAML arguments, dashed or not") {
  const auto l = layout_of("model.yaml",
                           "MODEL_ARGS:\n  --tensor-model-parallel-size: 4\n  --expert-model-parallel-size: 8\n"
                           "  --num-experts: 8\n  --recompute-granularity: full\n  --fp8-format: hybrid\n");
  CHECK(l.dialect == ImportDialect::megatron);
  CHECK(l.tensor == 4);
  CHECK(l.expert == 8);
  CHECK(l.expert_tensor == 4);  // as Megatron-Core has it when it is not said
  CHECK(l.recompute == "full");
  CHECK(l.precision == "fp8");
}

TEST_CASE("NeMo: accelerators from the trainer, ZeRO from the optimiser, null is not given") {
  const auto l = layout_of("job.yaml",
                           "trainer: {devices: 8, num_nodes: 2}\nmodel:\n  tensor_model_parallel_size: 4\n"
                           "  virtual_pipeline_model_parallel_size: null\n  optim: {name: distributed_fused_adam}\n");
  CHECK(l.dialect == ImportDialect::nemo);
  CHECK(l.gpus == 16);
  CHECK(l.data == 4);
  CHECK(l.zero_stage == 1);
  CHECK(l.virtual_pipeline == 1);
}

TEST_CASE(
    "torchtitan: FSDP is ZeRO 3, with a pipeline weights stay gathered, and tensor implies sequence parallelism") {
  const auto toml = layout_of("t.toml",
                              "[training]\nlocal_batch_size = 2\nseq_len = 8192\n[parallelism]\n"
                              "data_parallel_shard_degree = -1\ntensor_parallel_degree = 2\n"
                              "[activation_checkpoint]\nmode = \"selective\"\n",
                              16);
  CHECK(toml.dialect == ImportDialect::torchtitan);
  CHECK(toml.data == 8);
  CHECK(toml.zero_stage == 3);
  CHECK(toml.sequence_parallel);
  CHECK(toml.micro_batch_size == 2);
  CHECK(toml.global_batch_size == 16);
  CHECK(toml.recompute == "selective");
  CHECK(toml.recompute_modules == "alternate_products");
  const auto python = layout_of("t.py",
                                "cfg = Config(\n  parallelism=ParallelismConfig(data_parallel_shard_degree=4, # four\n"
                                "    pipeline_parallel_degree=2, data_parallel_replicate_degree=2),\n"
                                "  training=TrainingConfig(local_batch_size=8, seq_len=1_024))\n");
  CHECK(python.gpus == 16);
  CHECK(python.data == 8);
  CHECK(python.zero_stage == 2);
  CHECK(python.shard_size == 4);
  CHECK(python.seq_length == 1024);
  CHECK(python.micro_batch_size == 1);
}

TEST_CASE("copies of the shards, recomputed modules and first layers are part of the command") {
  const auto modules = layout_of("a.sh",
                                 "--tensor-model-parallel-size 2 --use-distributed-optimizer "
                                 "--num-distributed-optimizer-instances 4 --recompute-granularity selective\n",
                                 64);
  CHECK(modules.data == 32);
  CHECK(format_import_command(modules, {}, {}).find("--zero 1 --shard-size 8 --recompute selective") !=
        std::string::npos);
  const auto yaml = layout_of("a.yaml",
                              "recompute_granularity: selective\nrecompute_modules: \"mla_up_proj, moe_act\"\n"
                              "global_batch_size: 8\n",
                              8);
  CHECK(format_import_command(yaml, {}, {}).find("--recompute-modules moe_act,mla_up_proj") != std::string::npos);
  const auto block =
      layout_of("a.yaml", "recompute_granularity: full\nrecompute_method: block\nrecompute_num_layers: 2\n", 8);
  CHECK(format_import_command(block, {}, {}).find("--recompute full --recompute-num-layers 2") != std::string::npos);
}

TEST_CASE("a precision that the command does not have is told, bf16 is not") {
  const auto notes = [](const char* file, const char* text) { return layout_of(file, text).notes; };
  const auto told = notes("run.sh", "--tensor-model-parallel-size 2 --fp16 --world-size 8 --global-batch-size 8\n");
  REQUIRE(told.size() == 1);
  CHECK(told[0].starts_with("the run is in fp16"));
  CHECK(notes("run.sh", "--tensor-model-parallel-size 2 --bf16 --world-size 8 --global-batch-size 8\n").empty());
  const std::string nemo = "trainer:\n  num_nodes: 1\n  devices: 8\n  precision: ";
  const std::string rest = "\nmodel:\n  global_batch_size: 8\n  tensor_model_parallel_size: 2\n";
  CHECK(notes("n.yaml", (nemo + "32-true" + rest).c_str()).size() == 1);
  CHECK(notes("n.yaml", (nemo + "bf16-mixed" + rest).c_str()).empty());
}

TEST_CASE("a schedule other than 1F1B is part of the command") {
  const auto l = layout_of("t.toml",
                           "[parallelism]\npipeline_parallel_degree = 2\ndata_parallel_shard_degree = 1\n"
                           "pipeline_parallel_schedule = \"ZBVZeroBubble\"\n");
  CHECK(format_import_command(l, {}, {}).find(
            "--pp 2 --vpp 2 --dp 1 --micro-batch-size 1 --zero 0 --schedule zero_bubble") != std::string::npos);
}

TEST_CASE("faults name file, line and column") {
  CHECK(faults_of("a.sh", "--lr 1\n--tensor-model-parallel-size $TP\n").find("a.sh:2:30:") != std::string::npos);
  CHECK(faults_of("a.yaml", "tensor_model_parallel_size: two\n").find("'two' is not a whole number") !=
        std::string::npos);
  CHECK(faults_of("a.sh", "--tensor-model-parallel-size 0\n").find("less than 1") != std::string::npos);
  CHECK(faults_of("a.sh", "--tensor-model-parallel-size 3\n", 8).find("8 accelerators are not") != std::string::npos);
  CHECK(faults_of("a.sh", "--pipeline-model-parallel-size 2 --num-layers-per-virtual-pipeline-stage 1\n")
            .find("needs the number of layers") != std::string::npos);
  CHECK(faults_of("a.sh", "--tensor-model-parallel-size 99999999 --pipeline-model-parallel-size 99999999\n")
            .find("thousand million") != std::string::npos);
  CHECK(faults_of("a.yaml", "trainer: {devices: 999999999, num_nodes: 999999999}\nmodel: {micro_batch_size: 100}\n")
            .find("thousand million") != std::string::npos);
  CHECK(faults_of("a.toml", "[parallelism\n").find("a.toml:1:13") != std::string::npos);
}

TEST_CASE("text that is nothing in particular neither crashes nor yields a layout") {
  for (const char* text : {"", "$", "${", "$((", "--", "'", "\"", "A=(", "--a=${B", "\\", "a$((b*", "x=\"--y\n--z"}) {
    const auto options = read_import_options("x", text);
    REQUIRE(options.ok());
    const auto layout = import_layout(*options, 0);
    REQUIRE(layout.ok());
    CHECK(layout->ignored.size() == options->options.size());
  }
  for (const char* text : {"(", ")", "a=", "a='", "f(a=\"\"\"", "a: int", "=1", "a=-"}) {
    CHECK(read_import_options("x.py", text).ok());
  }
}

TEST_CASE("values that hold one another stop growing, and calls may nest as deep as they like") {
  std::string script = "A=12345678\n";
  for (int i = 0; i < 60; ++i) script += "A=$A$A\n";
  const auto doubled = read_import_options("run.sh", script + "--lr $A\n");
  REQUIRE(doubled.ok());
  REQUIRE(doubled->options.size() == 1);
  CHECK(doubled->options[0].value.size() < (1 << 24));
  std::string calls;
  for (int i = 0; i < 20000; ++i) calls += "make(\n";
  for (int i = 0; i < 20000; ++i) calls += "a=1,\n";
  const auto nested = read_import_options("deep.py", calls);
  REQUIRE(nested.ok());
  CHECK(nested->options.size() == 20000);
  CHECK(nested->options[0].path.size() == std::string("make.").size() * 64 + 1);
}

TEST_CASE("a placeholder with a default means the default, and other programs' configurations are refused by name") {
  const auto l = layout_of("run.yaml",
                           "tensor_model_parallel_size: ${TP:4}\npipeline_model_parallel_size: ${PP:-2}\n"
                           "micro_batch_size: 1\nglobal_batch_size: 64\nseq_length: ${SEQ:4096}\n");
  CHECK(l.tensor == 4);
  CHECK(l.pipeline == 2);
  CHECK(l.seq_length == 4096);
  CHECK(faults_of("run.yaml", "tensor_model_parallel_size: ${TP}\n").find("'${TP}' is not a whole number") !=
        std::string::npos);
  CHECK(faults_of("ds.json", "{\"zero_optimization\": {\"stage\": 3}}").find("of DeepSpeed is not read") !=
        std::string::npos);
  CHECK(faults_of("a.yaml", "distributed_type: FSDP\n").find("of Accelerate is not read") != std::string::npos);
  CHECK(faults_of("a.yaml", "base_model: x\nmicro_batch_size: 1\n").find("of Axolotl is not read") != std::string::npos);
  CHECK(faults_of("a.yaml", "finetuning_type: full\n").find("of LLaMA-Factory is not read") != std::string::npos);
}

TEST_CASE("an option that an array holds in one pair of quotes with its value is read, and the shape as far as it is said") {
  const auto l = layout_of("a.sh",
                           "ARGS=(--num-layers 32 --hidden-size 4096 --ffn-hidden-size 14336 --num-query-groups 8\n"
                           "  --vocab-size 128256 --micro-batch-size 1 --global-batch-size 8)\nFP8=()\n"
                           "FP8+=(\"--fp8-format hybrid\")\ntorchrun train.py ${ARGS[@]} ${FP8[@]}\n");
  CHECK(l.precision == "fp8");
  CHECK(l.width == 14336);
  CHECK(l.kv_heads == 8);
  CHECK(l.vocab == 128256);
  CHECK(l.ignored.empty());
}

TEST_CASE("of a Python file with two recipes the one that is named counts; unnamed is asked for, never mixed") {
  const std::string text =
      "seq_length = 4096\ndef small():\n    cfg.tensor_model_parallel_size = 1\n    cfg.micro_batch_size = 2\n"
      "@factory\ndef large(seed=1):\n    cfg.tensor_model_parallel_size = 8\n    cfg.micro_batch_size = 2\n"
      "cfg.global_batch_size = 64\n";
  CHECK(faults_of("two.py", text).find("the functions small and large give it different values, 1 and 8") !=
        std::string::npos);
  auto options = read_import_options("two.py", text);
  REQUIRE(options.ok());
  CHECK(!choose_function(*options, "lage").ok());
  REQUIRE(choose_function(*options, "large").ok());
  const auto l = import_layout(*options, 16);
  REQUIRE(l.ok());
  CHECK(l->tensor == 8);
  CHECK(l->seq_length == 4096);
  CHECK(l->global_batch_size == 64);
}
