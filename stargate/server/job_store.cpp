// SQLite's C interface behind a few calls; a statement lives as long as the call that makes it.
#include "stargate/server/job_store.hpp"

#include <sqlite3.h>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

constexpr int kVersion = 1;  // of the tables
constexpr const char* kTables = R"(
  create table if not exists job(
    id integer primary key autoincrement, question text not null, asked text not null, state integer not null,
    text text not null default '', json text not null default '', name text not null default '',
    note text not null default '', asked_at text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
  create table if not exists form(job integer not null, name text not null, content text not null,
    primary key(job, name)) without rowid;
  create table if not exists fault(job integer not null, place integer not null, message text not null, hint text,
    field text, file text, line integer, primary key(job, place)) without rowid;
)";

class Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    STARGATE_CHECK(sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) == SQLITE_OK, sqlite3_errmsg(database));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& value) {
    sqlite3_bind_text(statement_, ++bound_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
  }
  bool row() { return sqlite3_step(statement_) == SQLITE_ROW; }
  void run() { sqlite3_step(statement_); }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));  // NOLINT
    return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(
                                                                     sqlite3_column_bytes(statement_, column)));
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

std::int64_t number_of(const std::string& id) { return std::strtoll(id.c_str(), nullptr, 10); }

JobView view_of(const Statement& row) {
  JobView out;
  out.id = row.text(0), out.question = row.text(1), out.asked = row.text(2);
  out.state = static_cast<JobState>(row.number(3));
  out.name = row.text(4), out.note = row.text(5), out.asked_at = row.text(6);
  return out;
}

Diagnostic fault_of(const std::string& path, const char* reason) {
  Diagnostic out;
  out.file = path, out.message = std::string("cannot be opened as a history: ") + reason;
  out.hint = "give another file with --history";
  return out;
}

}  // namespace

const char* job_state_name(JobState state) {
  constexpr const char* names[] = {"queued", "running", "answered", "is no", "failed", "cancelled", "interrupted"};
  return names[static_cast<int>(state)];
}

Result<std::unique_ptr<JobStore>> JobStore::open(const std::string& path) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open(path.c_str(), &database);
  std::unique_ptr<JobStore> store(new JobStore(database));
  if (opened != SQLITE_OK) return fault_of(path, database == nullptr ? "no memory" : sqlite3_errmsg(database));
  sqlite3_busy_timeout(database, 2000);
  const auto run = [&](const std::string& sql) {
    return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  };
  if (!run("pragma journal_mode=wal") || !run("pragma synchronous=normal")) {
    return fault_of(path, sqlite3_errmsg(database));
  }
  {
    Statement version(database, "pragma user_version");
    if (version.row() && version.number(0) > kVersion) return fault_of(path, "it was made by a newer program");
  }
  if (!run(kTables) || !run("pragma user_version=" + std::to_string(kVersion))) {
    return fault_of(path, sqlite3_errmsg(database));
  }
  Statement(database, "update job set state = ? where state <= ?")
      .bind(static_cast<int>(JobState::interrupted))
      .bind(static_cast<int>(JobState::running))
      .run();
  return store;
}

JobStore::~JobStore() { sqlite3_close(database_); }

std::string JobStore::add(const JobView& job) {
  Statement(database_, "insert into job(question, asked, state) values(?, ?, ?)")
      .bind(job.question)
      .bind(job.asked)
      .bind(static_cast<int>(job.state))
      .run();
  return std::to_string(sqlite3_last_insert_rowid(database_));
}

void JobStore::set_over(const JobView& job) {
  const std::int64_t id = number_of(job.id);
  sqlite3_exec(database_, "begin", nullptr, nullptr, nullptr);
  Statement(database_, "update job set state = ?, text = ?, json = ? where id = ?")
      .bind(static_cast<int>(job.state))
      .bind(job.text)
      .bind(job.json)
      .bind(id)
      .run();
  for (const auto& [name, content] : job.forms) {
    Statement(database_, "insert or replace into form values(?, ?, ?)").bind(id).bind(name).bind(content).run();
  }
  std::int64_t place = 0;
  for (const Diagnostic& d : job.faults) {
    Statement(database_, "insert or replace into fault values(?, ?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(place++)
        .bind(d.message)
        .bind(d.hint)
        .bind(d.path)
        .bind(d.file)
        .bind(d.line)
        .run();
  }
  sqlite3_exec(database_, "commit", nullptr, nullptr, nullptr);
}

bool JobStore::set_name(const std::string& id, const std::string& name, const std::string& note) {
  Statement(database_, "update job set name = ?, note = ? where id = ?").bind(name).bind(note).bind(number_of(id)).run();
  return sqlite3_changes(database_) > 0;
}

std::optional<JobView> JobStore::find(const std::string& id) const {
  Statement job(database_, "select id, question, asked, state, name, note, asked_at, text, json from job where id = ?");
  if (!job.bind(number_of(id)).row()) return {};
  JobView out = view_of(job);
  out.text = job.text(7), out.json = job.text(8);
  Statement forms(database_, "select name, content from form where job = ?");
  forms.bind(number_of(id));
  while (forms.row()) out.forms[forms.text(0)] = forms.text(1);
  Statement faults(database_, "select message, hint, field, file, line from fault where job = ? order by place");
  faults.bind(number_of(id));
  while (faults.row()) {
    Diagnostic d;
    d.message = faults.text(0), d.hint = faults.text(1), d.path = faults.text(2), d.file = faults.text(3);
    d.line = static_cast<int>(faults.number(4));
    out.faults.push_back(std::move(d));
  }
  return out;
}

std::vector<JobView> JobStore::newest(int most) const {
  std::vector<JobView> out;
  Statement jobs(database_,
                 "select id, question, asked, state, name, note, asked_at from job order by id desc limit ?");
  jobs.bind(most);
  while (jobs.row()) out.push_back(view_of(jobs));
  return out;
}

}  // namespace stargate
