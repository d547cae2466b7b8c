// Which devices another is at least as good as: no kernel need be slower on it, since theirs can be run as they are.
#pragma once

#include <vector>

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// Whether `device` is no worse than `other` in every figure of its record that bears on the time of an operator: rates
/// of 16 bits and of `precision` (on the data sheet and, where both were measured, the best reached), memory bandwidth,
/// last-level cache, and units to spread small calls over. A figure `other` does not state cannot be missed.
bool is_no_worse(const Accelerator& device, const Accelerator& other, Precision precision);

/// Whether one's kernels say something of the other's: chips of one vendor run each other's programs, and one that
/// nobody measured is judged by all. Families known from whole runs stand apart.
bool are_comparable(const Catalogue& catalogue, const Accelerator& device, const Accelerator& other);

/// Those of the catalogue as its files have it, `accelerator` itself among them where a question changed it, than which
/// it is no worse in 16 bits, and to which it may be compared.
std::vector<const Accelerator*> no_better_devices(const Catalogue& catalogue, const Accelerator& accelerator);

}  // namespace stargate
