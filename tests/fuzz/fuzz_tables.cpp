// Any text as each table of measurements: collective sweeps, and kernels under every name that a law reads.
#include <unistd.h>

#include <string>
#include <string_view>

#include "stargate/calibration/calibration.hpp"
#include "stargate/calibration/collective_sweep.hpp"
#include "stargate/calibration/kernel_table.hpp"
#include "stargate/catalogue/catalogue.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const stargate::Catalogue catalogue =
      stargate::load_catalogue(stargate::DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue").value();
  static const auto laws = stargate::make_law_fits(catalogue);
  static const std::string folder = "/tmp/stargate_fuzz_tables_" + std::to_string(getpid());
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  const auto sweeps = stargate::parse_collective_sweeps("sweeps.csv", text, catalogue.accelerators);
  if (!sweeps.ok()) static_cast<void>(stargate::format_diagnostics(sweeps.faults()));
  const auto& device = catalogue.accelerators.at("h100-sxm");
  for (const char* table : {"gemm", "context_attention", "generation_attention", "context_mla", "generation_mla", "moe",
                            "custom_allreduce", "nccl"}) {
    const std::string path = folder + "/h100_sxm." + table + ".vllm-1.csv";
    static_cast<void>(stargate::write_file(path, text).ok());
    const auto kernels = stargate::load_kernel_table(path);
    unlink(path.c_str());
    if (!kernels.ok()) {
      static_cast<void>(stargate::format_diagnostics(kernels.faults()));
      continue;
    }
    for (const auto& law : laws) {
      if (law->accepts(*kernels)) static_cast<void>(law->predict(*kernels, device, {}));
    }
  }
  return 0;
}
