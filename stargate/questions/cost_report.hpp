// The bill as text, JSON and CSV.
#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "stargate/config/json_writer.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/finance/ownership_cost.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

/// Of one accelerator, at its kind's contract price.
struct MemoryBill {
  std::string kind;  ///< id of a memory record
  Bytes capacity;
  Money low, mid, high;
};

/// Records in full, so that the answer outlives its catalogue.
struct CostAnswer {
  System system;
  Owner owner;
  std::optional<Site> site;  ///< none: the owner's usual facility
  double cluster = 0;
  Power power;               ///< at the meter, of the site that is filled
  OwnershipCost mid;
  MoneyRate low, high;  ///< of an hour, at the ends of the system's price
  std::optional<HourPrice> rent;  ///< as quoted
  std::optional<MemoryBill> memory = {};  ///< none: nobody published the price of its kind
  /// Of an hour, were systems, network and storage worn out after so many years.
  std::vector<std::pair<double, MoneyRate>> by_life;

  /// Share of the hours used above which owning costs less than renting these; above 1: never.
  double break_even() const { return mid.hour() / rent->mid; }

  double accelerators() const { return mid.accelerators_in(power); }
  double switches() const { return std::ceil(mid.cluster.switch_count * cluster - 1e-6); }  ///< of one cluster
};

std::string bill_text(const CostAnswer& answer);
void write_bill(JsonWriter& json, const CostAnswer& answer);
AnswerFields bill_answer_fields();
/// A line a class of capital, then power, then all.
std::string bill_csv(const CostAnswer& answer);

}  // namespace stargate
