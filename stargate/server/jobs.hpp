// Questions that are being answered: a queue with its threads, and what each says of its progress. What is over is in
// the store.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "stargate/base/file_reader.hpp"
#include "stargate/questions/registry.hpp"
#include "stargate/server/job_store.hpp"

namespace stargate {

class JobQueue {
 public:
  /// Files are the disk's; the catalogue's folder is empty for the one of the program.
  JobQueue(std::string catalogue_folder, int threads, std::unique_ptr<JobStore> store);
  ~JobQueue();  ///< cancels all and waits for them

  /// The job's id. `forms`: those of the answer that are wanted beside its text and JSON.
  std::string submit(AskedQuestion asked, std::vector<std::string> forms = {});
  /// Nothing where there is none of that id.
  std::optional<JobView> view(const std::string& id) const;
  std::vector<JobView> newest(int most) const;  ///< without answers
  /// What the user calls it. False where there is no such job.
  bool set_name(const std::string& id, const std::string& name, const std::string& note);
  /// A running one ends at its next word of progress. False where there is none, or it is over.
  bool cancel(const std::string& id);
  /// Called with each change until the job is over, on the thread that made it, the first time at once. Nothing is
  /// called after unwatch. False where there is no such job.
  using Watcher = std::function<void(const JobView&)>;
  std::uint64_t watch(const std::string& id, Watcher watcher);
  void unwatch(const std::string& id, std::uint64_t watch);

 private:
  struct Job;
  void work();
  void answer(Job& job);
  void change(Job& job, const std::function<void(JobView&)>& how);  ///< and tell those who watch
  std::shared_ptr<Job> find(const std::string& id) const;

  std::string catalogue_folder_;
  DiskFileReader files_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<JobStore> store_;
  std::map<std::string, std::shared_ptr<Job>> jobs_;  ///< that are not over
  std::deque<std::shared_ptr<Job>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace stargate
