// What the class of a model family says that its files may leave out: tied embeddings, biases, norms, plain or gated
// feed-forward, window patterns. Sources: the configuration and modelling classes of Hugging Face transformers 4.57
// and 5.24 and, for families kept outside it, the code published with the model.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "stargate/catalogue/model_fields.hpp"

namespace stargate {

/// None, of each head (weights of one head's width), or of all heads together.
enum class QueryKeyNorm { none, head, whole };

/// Defaults are those of Llama, so that a family lists only where it differs.
struct ModelFamily {
  std::string_view name;   ///< lower case, without separators: "deepseekv3"
  bool tied = false;       ///< tie_word_embeddings when not given
  bool gated = true;       ///< SwiGLU or GeGLU: three matrices, not two
  int norms = 2;           ///< hidden-wide norms a layer
  bool norm_bias = false;  ///< LayerNorm instead of RMSNorm: a bias each
  bool qkv_bias = false, output_bias = false, mlp_bias = false, expert_bias = false, head_bias = false;
  bool plain_output = false;                  ///< attention_bias does not reach the output projection
  QueryKeyNorm qk_norm = QueryKeyNorm::none;  ///< norms of queries and keys
  int full_every = 0;              ///< every how many layers attention is full, the others sliding; 0: all alike
  bool window_opt_in = false;      ///< sliding_window counts only with use_sliding_window
  bool chunked = false;            ///< attention_chunk_size is in use, full on each 4th layer (Llama-4)
  bool learned_positions = false;  ///< a table of position embeddings
  /// Rows of the table of positions beyond the longest sequence (OPT's two).
  int extra_positions = 0;
  bool quadruple_width = false;                   ///< feed-forward width 4 x hidden when not given
  bool half_width = false;                        ///< the stated feed-forward width is that of both halves (Qwen-1)
  bool multi_query = false;                       ///< multi_query when not given
  bool output_gate = false, shared_gate = false;  ///< of attention; of shared experts
  bool state_space = false;                       ///< what its file calls linear attention is a state space
  bool no_feed_forward = false;                   ///< layers are mixers alone (Mamba)
};

/// From "LlamaForCausalLM" or "llama4_text" to the family's name.
std::string family_name(std::string_view architecture_or_type);
/// Null when unknown.
const ModelFamily* find_family(std::string_view name);
/// Numbers that a family's class has where its file leaves the field out, for ModelFields::set_defaults.
std::span<const FieldDefault> family_defaults();

}  // namespace stargate
