// The list of fits: a new law is one line here.
#include "stargate/calibration/attention_fit.hpp"
#include "stargate/calibration/calibration.hpp"
#include "stargate/calibration/collective_fit.hpp"
#include "stargate/calibration/exchange_fit.hpp"
#include "stargate/calibration/gemm_fit.hpp"
#include "stargate/calibration/hyper_connection_fit.hpp"
#include "stargate/calibration/mla_fit.hpp"
#include "stargate/calibration/moe_fit.hpp"
#include "stargate/calibration/recurrent_fit.hpp"
#include "stargate/calibration/sparse_fit.hpp"

namespace stargate {

std::vector<LawFit::Call> LawFit::calls(const KernelTable& table, const Accelerator&) const {
  return std::vector<Call>(table.rows, {{}, {}, "no law of " + law() + " without measured kernels"});
}

std::vector<std::unique_ptr<LawFit>> make_law_fits(const Catalogue& catalogue) {
  std::vector<std::unique_ptr<LawFit>> fits;
  fits.push_back(make_gemm_fit());
  fits.push_back(make_prefill_attention_fit());
  fits.push_back(make_decode_attention_fit());
  fits.push_back(make_encoder_attention_fit());
  fits.push_back(make_mla_prefill_fit());
  fits.push_back(make_mla_decode_fit());
  fits.push_back(make_moe_fit());
  fits.push_back(make_exchanged_moe_fit());
  fits.push_back(make_recurrent_fit());
  fits.push_back(make_hyper_connection_fit());
  fits.push_back(make_sparse_fit(catalogue));
  fits.push_back(make_collective_fit(catalogue.networks));
  fits.push_back(make_exchange_fit());
  return fits;
}

}  // namespace stargate
