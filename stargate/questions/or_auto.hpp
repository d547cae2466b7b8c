// A value, or the word "auto": the best, or what the catalogue says.
#pragma once

#include "stargate/config/record_table.hpp"

namespace stargate {

template <class T>
struct OrAuto {
  std::optional<T> value;  ///< empty: auto
};
template <class T>
std::string format_field(const OrAuto<T>&) {
  return "auto";
}

template <class T>
struct Codec<OrAuto<T>> {
  static std::string type_text() { return "auto, or " + Codec<T>::type_text(); }
  static void read(Reader& reader, const Node& node, OrAuto<T>& out, const Rule& rule) {
    if (node.is_scalar() && node.text == "auto") {
      out.value.reset();
      return;
    }
    Codec<std::optional<T>>::read(reader, node, out.value, rule);
  }
};

}  // namespace stargate
