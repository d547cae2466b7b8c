// How far an answer hangs on devices nobody measured: which end of their laws' range is meant, and what share of the
// answer rests on laws of which origin (perf/law_shares.hpp). Read and told in one place for every question.
#pragma once

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/perf/law_origin.hpp"
#include "stargate/questions/question.hpp"

namespace stargate {

/// A field that questions share.
struct ConfidenceField {
  Confidence confidence = Confidence::mid;
};

template <class Q>
void add_confidence_field(QuestionTable<Q>& table) {
  table.group("Devices nobody measured")
      .optional("confidence", &Q::confidence,
                "Which end of the range that laws typical of measured devices have; low is slow");
}

/// "mid"
const char* confidence_name(Confidence confidence);

/// What an answer rests on, of its steps' time; shares of zero where nothing was timed.
struct LawGround {
  LawShares shares{};
  Confidence confidence = Confidence::mid;

  bool known() const { return shares.rest() < 1; }
  bool has_range() const { return shares[LawOrigin::typical] > 0; }
};
/// "rests 62 % on laws fitted to the device, 38 % on the engine's own overheads. ...": the shares, and what confidence
/// does to them.
/// `rest`: whose own overheads no law is of.
std::string format_law_ground(const LawGround& ground, const char* rest);
/// Members "confidence" and, where they are known, "law_shares".
void write_law_ground(JsonWriter& json, const LawGround& ground);
/// The fields of those members.
const AnswerFields& law_ground_fields();
/// Member "law_shares".
void write_law_shares(JsonWriter& json, const LawShares& shares);
const AnswerFields& law_share_fields();

}  // namespace stargate
