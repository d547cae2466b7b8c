// The local service: every question of the program over HTTP, for the browser of the person who started it.
//   GET  /                       the page (with ?token= the first time; it becomes a cookie)
//   GET  /api/questions          names, sentences, forms of the answer and examples of all
//   GET  /api/schema/NAME        JSON Schema of question and answer
//   POST /api/ask/NAME           fields as JSON; waits for the answer
//   POST /api/jobs/NAME          the same as a job: {"id"}; ?form=html keeps that form of the answer too
//   GET  /api/jobs, /api/jobs/ID what is known of all; of one, with its answer
//   GET  /api/jobs/ID/events     the same as server-sent events until it is over
//   GET  /api/jobs/ID/form/NAME  a form of the answer: "html"
//   PATCH /api/jobs/ID           {"name", "note"}: what the user calls it
//   DELETE /api/jobs/ID          cancels it
// Refused: a Host or Origin that is not this server's (a page of elsewhere, or a name that was made to point here), and
// requests below /api without the token.
#pragma once

#include "stargate/server/http_server.hpp"
#include "stargate/server/jobs.hpp"

namespace stargate {

class LocalApi {
 public:
  /// `secret`: the token, of letters that need no escape. The queue outlives this.
  LocalApi(JobQueue& jobs, std::string secret) : jobs_(jobs), token_(std::move(secret)) {}

  /// The port is known once the server listens; requests before it are refused.
  void set_port(std::uint16_t port) { port_ = port; }
  void handle(HttpRequest request, const std::shared_ptr<HttpReply>& reply);

 private:
  std::optional<HttpResponse> refuse(const HttpRequest& request) const;
  void handle_job(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply);
  HttpResponse rename(const std::string& id, const JobView& view, const std::string& body);
  void send_events(const std::string& id, const std::shared_ptr<HttpReply>& reply);

  JobQueue& jobs_;
  std::string token_;
  std::uint16_t port_ = 0;
};

/// 128 random bits in hexadecimal.
std::string make_token();
/// The same time whatever the first difference.
bool is_same_token(std::string_view a, std::string_view b);

}  // namespace stargate
