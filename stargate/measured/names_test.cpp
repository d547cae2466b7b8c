// Names people give things, on the catalogue as it is.
#include "stargate/measured/names.hpp"

#include <doctest/doctest.h>

#include "stargate/base/file_reader.hpp"

using namespace stargate;

namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto read = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    REQUIRE(read.ok());
    return std::move(read.value());
  }();
  return loaded;
}

std::string chip(const std::string& name, double memory_gb = 0) {
  const auto found = find_accelerator_by_name(catalogue().accelerators, name, memory_gb);
  return found ? found.value->id : found.unknown;
}

std::string model(const std::string& name) {
  const auto found = find_model_by_name(catalogue(), name);
  return found ? found.value->id : found.unknown;
}

}  // namespace

TEST_CASE("accelerators are found by the names people give them") {
  CHECK(chip("NVIDIA H100 SXM 80GB", 80) == "h100-sxm");
  CHECK(chip("NVIDIA H100-80GB", 80) == "h100-sxm");
  CHECK(chip("NVIDIA H100 80GB HBM3") == "h100-sxm");
  CHECK(chip("NVIDIA HGX H200 141GB HBM3e") == "h200-sxm");
  CHECK(chip("GB200 NVL72") == "gb200");
  CHECK(chip("NVIDIA H100-PCIe-80GB") == "h100-pcie");
  CHECK(chip("NVIDIA H100-NVL-94GB", 94) == "h100-nvl");
  CHECK(chip("NVIDIA H100-80GB-PCAP", 80) == "h100-sxm-pcap");
  CHECK(chip("A100-SXM", 40) == "a100-sxm-40gb");
  CHECK(chip("NVIDIA A100-SXM4-80GB", 80) == "a100-sxm-80gb");
  CHECK(chip("NVIDIA A100-PCIE-80GB") == "a100-pcie-80gb");
  CHECK(chip("NVIDIA GH200 Grace Hopper Superchip 144GB", 144) == "gh200-144gb");
  CHECK(chip("NVIDIA GH200 96GB", 96) == "gh200-96gb");
  CHECK(chip("NVIDIA H20-3e", 143) == "h20-3e");
  CHECK(chip("NVIDIA H20", 96) == "h20");
  CHECK(chip("NVIDIA RTX PRO 6000 Blackwell Server Edition", 96) == "rtx-pro-6000-server");
  CHECK(chip("Intel Gaudi 3 HL-325L", 128) == "gaudi3");
  CHECK(chip("TPU v6e (Trillium)", 32) == "tpu-v6e");
  CHECK(chip("Google TPU7x (Ironwood)", 192) == "tpu7x");
  CHECK(chip("AMD Instinct MI300X", 192) == "mi300x");
  CHECK(chip("B200 192 GB") == "b200-sxm");  // physical memory
}

TEST_CASE("every accelerator is found by its id and by its own name") {
  for (const auto& [id, accelerator] : catalogue().accelerators) {
    CHECK(chip(id) == id);
    CHECK(chip(accelerator.vendor + " " + id) == id);
  }
}

TEST_CASE("a word nobody understands makes the accelerator unknown, and is named") {
  CHECK(chip("NVIDIA RTX 3090") == "the catalogue has no accelerator 'NVIDIA RTX 3090': '3090' is not understood");
  CHECK(chip("TPU v7") == "the catalogue has no accelerator 'TPU v7': 'v7' is not understood");
  CHECK(chip("NVIDIA H100 SXM 96GB") ==
        "the catalogue has no accelerator 'NVIDIA H100 SXM 96GB': '96gb' is not understood");
  CHECK(chip("NVIDIA H100 SXM", 96) == "the catalogue has no accelerator 'NVIDIA H100 SXM': '96 GB' is not understood");
  CHECK(chip("H200-SXM-141GB-CTS") == "the catalogue has no accelerator 'H200-SXM-141GB-CTS': 'cts' is not understood");
  for (const char* name : {"", "GPU", "NVIDIA", "RTX PRO 6000", "Hopper", "MI300", "A100 24GB", "SXM"}) {
    CAPTURE(name);
    CHECK_FALSE(find_accelerator_by_name(catalogue().accelerators, name));
  }
  CHECK(find_accelerator_by_name(catalogue().accelerators, std::string(300'000, 'x')).unknown.size() < 200);
}

TEST_CASE("models are found by name, and what only tunes or stores them changes nothing") {
  CHECK(model("meta-llama/Llama-3.1-8B-Instruct") == "llama-3.1-8b");
  CHECK(model("nvidia/Llama-3.1-8B-Instruct-FP8") == "llama-3.1-8b");
  CHECK(model("LLaMA v3.1 70B") == "llama-3.1-70b");
  CHECK(model("Llama 3.3 70B") == "llama-3.1-70b");
  CHECK(model("llama2-70b") == "llama-2-70b");
  CHECK(model("mistralai/Mistral-7B-v0.1") == "mistral-7b");
  CHECK(model("Qwen3-235B-A22B-Instruct-2507") == "qwen3-235b-a22b");
  CHECK(model("DeepSeek-R1-0528") == "deepseek-v3");
  CHECK(model("GPT-OSS 20B") == "gpt-oss-20b");
  CHECK(model("Kimi-K2 (fp8)") == "kimi-k2");
}

TEST_CASE("another model is not taken for the one whose name it holds") {
  CHECK(model("DeepSeek-R1-Distill-Llama-70B") == "llama-3.1-70b");
  CHECK(model("DeepSeek-R1-Distill-Qwen-32B") ==
        "the catalogue has no model 'DeepSeek-R1-Distill-Qwen-32B': 'distill' is not understood");
  CHECK(model("Llama-3.1-Nemotron-70B-Reward") ==
        "the catalogue has no model 'Llama-3.1-Nemotron-70B-Reward': 'nemotron' is not understood");
  CHECK(model("Qwen1.5-7B") == "the catalogue has no model 'Qwen1.5-7B'");
}

TEST_CASE("engines and precisions are understood whole or not at all") {
  CHECK(find_engine_by_name("TensorRT-LLM (PyTorch backend)").value == "trtllm");
  CHECK(find_engine_by_name("SGLang (Dynamo)").value == "sglang");
  CHECK(find_engine_by_name("vLLM").value == "vllm");
  CHECK_FALSE(find_engine_by_name("vLLM-omni"));
  CHECK(find_engine_by_name("Deepspeed-MII").unknown == "no coefficients of the engine 'Deepspeed-MII'");
  CHECK(find_precision_by_name("FP8 fine-grained (MX 32x32 on Blackwell)").value == Precision::fp8);
  CHECK(find_precision_by_name("nvfp4 (inferred: FP8 would need >90% of dense peak)").value == Precision::fp4);
  CHECK(find_precision_by_name("fp16").value == Precision::bf16);
  CHECK_FALSE(find_precision_by_name("w4a16"));
}
