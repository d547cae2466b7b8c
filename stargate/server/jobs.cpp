// Cancelling throws out of the question's own words of progress: questions know nothing of jobs.
#include "stargate/server/jobs.hpp"

#include <atomic>
#include <exception>
#include <optional>

#include "stargate/base/text_layout.hpp"

namespace stargate {
namespace {

struct Cancelled {};

Diagnostics own_fault(std::string message) {
  Diagnostic fault;
  fault.message = std::move(message);
  return {fault};
}

}  // namespace

struct JobQueue::Job {
  JobView view;                ///< under the queue's lock
  AskedQuestion asked;         ///< of the thread that answers it
  std::vector<std::string> forms;
  std::atomic<bool> cancelled = false;
  std::map<std::uint64_t, Watcher> watchers;  ///< under `telling`
  std::mutex telling;                         ///< held while watchers are called
  std::uint64_t watched = 0;
};

JobQueue::JobQueue(std::string catalogue_folder, int threads, std::unique_ptr<JobStore> store)
    : catalogue_folder_(std::move(catalogue_folder)), store_(std::move(store)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

JobQueue::~JobQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [id, job] : jobs_) job->cancelled = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::string JobQueue::submit(AskedQuestion asked, std::vector<std::string> forms) {
  auto job = std::make_shared<Job>();
  job->view.question = asked.question->name();
  job->view.asked = format_asked_question(*asked.question, asked.document);
  job->asked = std::move(asked), job->forms = std::move(forms);
  const std::lock_guard lock(mutex_);
  job->view.id = store_->add(job->view);
  jobs_[job->view.id] = job;
  waiting_.push_back(job);
  wake_.notify_one();
  return job->view.id;
}

std::shared_ptr<JobQueue::Job> JobQueue::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : found->second;
}

std::optional<JobView> JobQueue::view(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? store_->find(id) : found->second->view;
}

std::vector<JobView> JobQueue::newest(int most) const {
  const std::lock_guard lock(mutex_);
  auto out = store_->newest(most);
  for (JobView& view : out) {
    const auto running = jobs_.find(view.id);
    if (running != jobs_.end()) view.state = running->second->view.state, view.progress = running->second->view.progress;
  }
  return out;
}

bool JobQueue::set_name(const std::string& id, const std::string& name, const std::string& note) {
  const std::lock_guard lock(mutex_);
  const auto running = jobs_.find(id);
  if (running != jobs_.end()) running->second->view.name = name, running->second->view.note = note;
  return store_->set_name(id, name, note);
}

bool JobQueue::cancel(const std::string& id) {
  const auto job = find(id);
  if (job == nullptr) return false;
  job->cancelled = true;
  return true;
}

std::uint64_t JobQueue::watch(const std::string& id, Watcher watcher) {
  const auto job = find(id);
  if (job == nullptr) {
    const auto kept = view(id);
    if (kept) watcher(*kept);
    return kept ? 1 : 0;
  }
  const std::lock_guard telling(job->telling);
  const auto now = view(id);
  watcher(*now);
  if (!is_over(now->state)) job->watchers[++job->watched] = std::move(watcher);
  return std::max<std::uint64_t>(job->watched, 1);
}

void JobQueue::unwatch(const std::string& id, std::uint64_t watch) {
  const auto job = find(id);
  if (job == nullptr) return;
  const std::lock_guard telling(job->telling);
  job->watchers.erase(watch);
}

void JobQueue::change(Job& job, const std::function<void(JobView&)>& how) {
  const std::lock_guard telling(job.telling);
  JobView now;
  {
    const std::lock_guard lock(mutex_);
    how(job.view);
    now = job.view;
    if (is_over(now.state)) {
      store_->set_over(now);
      jobs_.erase(now.id);
    }
  }
  for (const auto& [key, watcher] : job.watchers) watcher(now);
  if (is_over(now.state)) job.watchers.clear();
}

void JobQueue::work() {
  while (true) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    answer(*job);
  }
}

void JobQueue::answer(Job& job) {
  const auto say = [&](const std::string& words) {
    if (job.cancelled) throw Cancelled{};
    change(job, [&](JobView& view) { view.progress = words; });
  };
  const auto fail = [&](JobState state, Diagnostics faults) {
    change(job, [&](JobView& view) { view.state = state, view.progress.clear(), view.faults = std::move(faults); });
  };
  try {
    if (job.cancelled) throw Cancelled{};
    change(job, [](JobView& view) { view.state = JobState::running; });
    QuestionContext context{files_, catalogue_folder_, say};
    for (const std::string& form : job.forms) context.wanted[form] = form;
    auto answer = job.asked.question->run(job.asked.document, std::move(context));
    if (!answer) return fail(JobState::failed, answer.faults());
    std::string text = lay_out(answer->text(), {}), json = answer->json();
    change(job, [&](JobView& view) {
      view.state = answer->kind == AnswerKind::is_no ? JobState::is_no : JobState::answered;
      view.progress.clear(), view.text = std::move(text), view.json = std::move(json);
      for (const OutputFile& file : answer->files) view.forms[file.path] = file.content;
    });
  } catch (const Cancelled&) {
    fail(JobState::cancelled, {});
  } catch (const std::bad_alloc&) {
    fail(JobState::failed, own_fault("the machine's memory is not enough for this"));
  } catch (const std::exception& error) {
    fail(JobState::failed, own_fault(std::string("internal error: ") + error.what()));
  }
}

}  // namespace stargate
