// What was asked and answered, kept in one SQLite file: the history of `stargate ui`. Written ahead (WAL), a row when a
// question is asked and again when it is answered, so that a process killed at any moment leaves it whole; what it was
// answering is then "interrupted".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stargate/base/result.hpp"

struct sqlite3;  // SQLite's

namespace stargate {

enum class JobState { queued, running, answered, is_no, failed, cancelled, interrupted };
const char* job_state_name(JobState state);  ///< "is no": the answer is no, told in full
constexpr bool is_over(JobState state) { return state > JobState::running; }

/// What is known of a job at a moment.
struct JobView {
  std::string id, question, asked;  ///< `asked`: the question as JSON
  JobState state = JobState::queued;
  std::string progress;             ///< what it does now; empty before and after
  std::string text, json;           ///< of the answer; tables in one piece, however wide
  std::map<std::string, std::string, std::less<>> forms;  ///< of the answer, by name: "html"
  Diagnostics faults;               ///< where it failed
  std::string name, note;           ///< the user's
  std::string asked_at;             ///< "2026-12-01T05:10:00Z"
};

/// Not thread-safe: whoever shares it locks.
class JobStore {
 public:
  /// ":memory:" keeps nothing. Faults: the file cannot be opened, or is no history.
  static Result<std::unique_ptr<JobStore>> open(const std::string& path);
  ~JobStore();
  JobStore(const JobStore&) = delete;
  JobStore& operator=(const JobStore&) = delete;

  /// A new row; its id. Ids rise.
  std::string add(const JobView& job);
  void set_over(const JobView& job);  ///< its state, answer, forms and faults
  /// False where there is none of that id.
  bool set_name(const std::string& id, const std::string& name, const std::string& note);
  std::optional<JobView> find(const std::string& id) const;
  /// The newest first, without answers.
  std::vector<JobView> newest(int most) const;

 private:
  explicit JobStore(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace stargate
