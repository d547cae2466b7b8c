// The field table of architectures. A figure that a record leaves out is the usual one, which rests on:
//   attention     FlashAttention-3 on H100 reaches 740 of 989 TFLOP/s forward without and about 600 with a causal mask
//                 at head size 128, about 550 backward (arXiv 2407.08608, figures 5 and 6)
//   memory_share  STREAM-like copies reach 85 to 92 % of HBM peak
//   usual_shape   the median large product of A100, H100 and B200 in measured kernel tables (TensorRT-LLM, 16 bits)
//   runs          at 0.97, 0.95 and 0.85 of the best shape that a sweep of the device found (MAMF, ml-engineering)
//   experts       measured fused kernels over this law with both at 1: AITER on MI300X and MI355X 0.43 to 0.65 beyond a
//                 thousand tokens and 0.83 to 1 below (aiter tables of 2026-08, bf16, fp8, fp8_block, nvfp4)
#include "stargate/catalogue/architecture.hpp"

namespace stargate {

const RecordTable<Architecture>& Architecture::table() {
  using A = Architecture;
  static const auto table =
      record_fields<A>("architecture", "A family of chips: what its kernels reach where the chip was not measured.")
          .optional("family", &A::family,
                    "Architectures whose kernels are alike, so that their measured coefficients carry over: a name "
                    "they share.")
          .optional("from_whole_runs", &A::from_whole_runs,
                    "Whether these shares were found from published runs of its chips; they then go before what "
                    "measured chips of other architectures would take.")
          .optional("launch", &A::launch, "Start and drain of one kernel in a captured graph.", positive)
          .optional("best_gemm", &A::best_gemm, "Best share of peak in a matrix multiply, where best_share is unknown.",
                    fraction)
          .optional("usual_shape", &A::usual_shape, "Rate of the shapes of models over that of the best shape.",
                    fraction)
          .optional("k_half", &A::k_half, "Depth at which filling and draining a tile costs half its rate.", positive)
          .optional("tile", &A::tile, "Rows and columns of an output tile.", positive)
          .optional("memory_share", &A::memory_share, "Share of the peak bandwidth that a stream reaches.", fraction)
          .optional("expert_rate", &A::expert_rate,
                    "Rate of the experts of a layer, many small products at once, to that of a plain product.",
                    fraction)
          .optional("expert_stream", &A::expert_stream,
                    "Bandwidth at which their weights are read, to that of a plain stream.", fraction)
          .optional("attention_forward", &A::attention_forward, "Share of peak of attention's forward pass.", fraction)
          .optional("attention_backward", &A::attention_backward, "Share of peak of its backward pass.", fraction)
          .optional("running_power", &A::running_power, "Drawn while kernels run that do nothing.", not_negative)
          .optional("product_picojoules", &A::product_picojoules,
                    "Energy of a 16-bit operation of the matrix units at full clock; 0: not known.", not_negative)
          .optional("stream_picojoules", &A::stream_picojoules, "Energy of a byte to or from memory.", not_negative);
  return table;
}

}  // namespace stargate
