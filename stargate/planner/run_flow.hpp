// One hour of one service: users take tokens from classes of machines, each class near enough to some of them. Users
// served first stay served; later ones make them move to other machines where that finds room (augmenting paths, Ford
// and Fulkerson 1956), so that no capacity is left while somebody it could serve goes without.
#pragma once

#include <cstdint>
#include <vector>

namespace stargate {

/// At most 32 users.
class HourFlow {
 public:
  /// `reach`: by class, a bit for each user it may serve.
  HourFlow(int users, std::vector<std::uint32_t> reach);
  /// A new hour; `capacity` by class.
  void begin(const std::vector<double>& capacity);
  /// What is served of `wanted`.
  double serve(int user, double wanted);
  double used(int c) const { return capacity_[static_cast<std::size_t>(c)] - left_[static_cast<std::size_t>(c)]; }
  int classes() const { return static_cast<int>(reach_.size()); }

 private:
  bool may(int user, int c) const { return (reach_[static_cast<std::size_t>(c)] >> user & 1U) != 0; }
  double& flow(int user, int c) {
    return flow_[static_cast<std::size_t>(user) * reach_.size() + static_cast<std::size_t>(c)];
  }
  double augment(int user, double wanted);

  int users_;
  std::vector<std::uint32_t> reach_;
  std::vector<std::vector<int>> nearest_;  ///< by user: its classes, those of fewest users first
  std::vector<double> capacity_, left_;    ///< by class
  std::vector<double> flow_;               ///< (user, class)
};

}  // namespace stargate
