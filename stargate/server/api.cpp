// Routes, and who may ask.
#include "stargate/server/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "stargate/questions/command_line.hpp"
#include "stargate/questions/schema.hpp"
#include "stargate/server/page.hpp"

namespace stargate {
namespace {

constexpr int kListed = 100;  // jobs

/// Nothing from elsewhere: the page's own files, and its own requests.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
/// A report is a page of its own with its scripts inside; it may ask nothing of anybody.
constexpr const char* kReportPolicy = "sandbox allow-scripts allow-downloads; default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

HttpResponse json(std::string body, int status = 200) { return {status, "application/json", std::move(body)}; }

HttpResponse fault(int status, std::string_view message, std::string_view hint = {}) {
  JsonWriter out;
  out.begin_object().key("error").begin_object().member("message", message);
  if (!hint.empty()) out.member("hint", hint);
  return json(out.end_object().end_object().text(), status);
}

void write_faults(JsonWriter& out, const Diagnostics& faults) {
  out.key("faults").begin_array();
  for (const Diagnostic& d : faults) {
    out.begin_object().member("message", d.message).member("hint", d.hint).member("field", d.path);
    out.member("file", d.file).member("line", d.line).end_object();
  }
  out.end_array();
}

void write_view(JsonWriter& out, const JobView& job) {
  out.begin_object().member("id", job.id).member("question", job.question).member("state", job_state_name(job.state));
  out.member("over", is_over(job.state)).member("progress", job.progress).member("asked", job.asked);
  out.member("name", job.name).member("note", job.note).member("asked_at", job.asked_at);
  if (auto asked = parse_asked_question("question", job.asked)) {
    out.member("command", format_command_line(*asked->question, asked->document));
  }
  if (job.state == JobState::answered || job.state == JobState::is_no) {
    out.member("text", job.text).member("json", job.json).key("forms").begin_array();
    for (const auto& [name, content] : job.forms) out.value(name);
    out.end_array();
  }
  if (!job.faults.empty()) write_faults(out, job.faults);
  out.end_object();
}

std::string view_text(const JobView& job) {
  JsonWriter out;
  write_view(out, job);
  return out.text();
}

/// Lines of one event: a break inside the data would end it.
std::string event(std::string_view name, std::string_view data) {
  std::string out = fmt::format("event: {}\n", name);
  for (std::size_t begin = 0; begin < data.size();) {
    const std::size_t end = std::min(data.find('\n', begin), data.size());
    out += fmt::format("data: {}\n", data.substr(begin, end - begin));
    begin = end + 1;
  }
  return out + "\n";
}

std::string questions_text() {
  JsonWriter out;
  out.begin_object().key("questions").begin_array();
  for (const Question& question : all_questions()) {
    out.begin_object().member("name", question.name()).member("sentence", question.sentence());
    out.key("forms").begin_array();
    for (const FileForm& form : question.forms) {
      if (form.type != "DIR") out.value(form.name);
    }
    out.end_array().key("fields").begin_array();
    const auto& fields = question.text.record->fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const FieldFace& face = question.text.faces[i];
      out.begin_object().member("name", fields[i].name).member("group", face.group);
      out.member("sentence", fields[i].sentence).member("otherwise", face.default_text);
      out.member("required", fields[i].required).member("shape", face.shape == FieldShape::on     ? "on"
                                                                 : face.shape == FieldShape::list ? "list"
                                                                                                  : "one");
      out.end_object();
    }
    out.end_array().key("examples").begin_array();
    for (const Example& example : question.examples) {
      out.begin_object().member("arguments", example.arguments).member("sentence", example.sentence).end_object();
    }
    out.end_array().end_object();
  }
  return out.end_array().end_object().text();
}

std::string cookie_of(const HttpRequest& request, std::string_view name) {
  const auto found = request.headers.find("cookie");
  if (found == request.headers.end()) return {};
  std::string_view left = found->second;
  while (!left.empty()) {
    const auto end = std::min(left.find(';'), left.size());
    std::string_view pair = left.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) {
      return std::string(pair.substr(name.size() + 1));
    }
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return {};
}

/// "plan why" of "/api/ask/plan why"; empty where the path does not begin so.
std::string behind(const std::string& path, std::string_view prefix) {
  return path.starts_with(prefix) ? path.substr(prefix.size()) : std::string();
}

/// The fields of a body, as the question of that name.
Result<AskedQuestion> asked_of_body(const std::string& name, const std::string& body) {
  auto document = parse_json("question", body.empty() ? std::string_view("{}") : std::string_view(body));
  if (!document) return document.faults();
  if (!document->root.is_mapping()) {
    return document->fault(document->root, {}, "is no JSON object", "write {\"model\": ...}, as /api/schema says");
  }
  const Question* question = find_question(name);
  if (question == nullptr) {
    return document->fault(document->root, "question", "'" + name + "' is no question",
                           suggest_name(name, question_names()));
  }
  std::erase_if(document->root.members, [](const Member& member) { return member.key == "question"; });
  return AskedQuestion{question, std::move(*document)};
}

HttpResponse page_file(const std::string& path) {
  const PageFile* file = find_page_file(path);
  if (file == nullptr) return fault(404, "there is nothing at " + path);
  return {200, std::string(file->type), std::string(file->content), {{"Content-Security-Policy", kPolicy},
                                                                      {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace

std::string make_token() {
  std::random_device device;
  std::string out;
  for (int i = 0; i < 4; ++i) out += fmt::format("{:08x}", device());
  return out;
}

bool is_same_token(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) different |= static_cast<unsigned char>(a[i] ^ b[i]);
  return different == 0;
}

std::optional<HttpResponse> LocalApi::refuse(const HttpRequest& request) const {
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  const std::array hosts{fmt::format("127.0.0.1:{}", port_), fmt::format("localhost:{}", port_)};
  if (std::find(hosts.begin(), hosts.end(), header("host")) == hosts.end()) {
    return fault(403, "this server answers to 127.0.0.1 and localhost only");
  }
  const std::string origin = header("origin");
  if (!origin.empty() && origin != "http://" + hosts[0] && origin != "http://" + hosts[1]) {
    return fault(403, "pages of other places may not ask this server");
  }
  if (!request.path.starts_with("/api/")) return {};
  std::string given = header("authorization");
  given = given.starts_with("Bearer ") ? given.substr(7) : cookie_of(request, "stargate");
  if (!is_same_token(given, token_)) {
    HttpResponse out = fault(401, "the token is missing or wrong", "open the address that `stargate ui` printed");
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
  }
  return {};
}

void LocalApi::handle(HttpRequest request, const std::shared_ptr<HttpReply>& reply) {
  if (auto refused = refuse(request)) return reply->answer(std::move(*refused));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path.starts_with("/api/jobs")) return handle_job(request, reply);
  if (const std::string name = behind(request.path, "/api/ask/"); !name.empty()) {
    if (request.method != "POST") return reply->answer(fault(405, "questions are asked with POST"));
    auto asked = asked_of_body(name, request.body);
    if (!asked) {
      JsonWriter out;
      write_faults(out.begin_object(), asked.faults());
      return reply->answer(json(out.end_object().text(), find_question(name) == nullptr ? 404 : 400));
    }
    const std::string id = jobs_.submit(std::move(*asked));
    jobs_.watch(id, [reply](const JobView& job) {
      if (!is_over(job.state)) return;
      reply->answer(json(view_text(job), job.state == JobState::failed ? 422 : 200));
    });
    return;
  }
  if (!reads) return reply->answer(fault(405, "this is read with GET"));
  if (request.path == "/api/questions") return reply->answer(json(questions_text()));
  if (const std::string name = behind(request.path, "/api/schema/"); !name.empty()) {
    const Question* question = find_question(name);
    if (question == nullptr) return reply->answer(fault(404, "'" + name + "' is no question"));
    return reply->answer(json(format_question_schema(*question)));
  }
  if (request.path.starts_with("/api/")) return reply->answer(fault(404, "there is no " + request.path));
  // The first visit brings the token; from then on the cookie has it, and the address does not.
  if (const auto given = request.query.find("token"); request.path == "/" && given != request.query.end()) {
    if (!is_same_token(given->second, token_)) return reply->answer(fault(401, "the token is wrong"));
    return reply->answer({303, "text/plain", "", {{"Location", "/"}, {"Set-Cookie",
        "stargate=" + token_ + "; Path=/; HttpOnly; SameSite=Strict"}}});
  }
  reply->answer(page_file(request.path));
}

void LocalApi::handle_job(const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
  const std::string rest = behind(request.path, "/api/jobs/");
  if (rest.empty()) {
    JsonWriter out;
    out.begin_object().key("jobs").begin_array();
    for (const JobView& job : jobs_.newest(kListed)) write_view(out, job);
    return reply->answer(json(out.end_array().end_object().text()));
  }
  if (request.method == "POST") {
    auto asked = asked_of_body(rest, request.body);
    if (!asked) {
      JsonWriter out;
      write_faults(out.begin_object(), asked.faults());
      return reply->answer(json(out.end_object().text(), find_question(rest) == nullptr ? 404 : 400));
    }
    std::vector<std::string> forms;
    if (const auto form = request.query.find("form"); form != request.query.end()) {
      const auto& known = asked->question->forms;
      const bool is_known = std::any_of(known.begin(), known.end(), [&](const FileForm& f) {
        return f.name == form->second && f.type != "DIR";
      });
      if (!is_known) return reply->answer(fault(400, "the answer has no form '" + form->second + "'"));
      forms.push_back(form->second);
    }
    JsonWriter out;
    out.begin_object().member("id", jobs_.submit(std::move(*asked), std::move(forms)));
    return reply->answer(json(out.end_object().text(), 202));
  }
  const auto slash = rest.find('/');
  const std::string id = rest.substr(0, slash), part = slash == std::string::npos ? "" : rest.substr(slash + 1);
  const auto view = jobs_.view(id);
  if (!view) return reply->answer(fault(404, "there is no job " + id));
  if (request.method == "DELETE") {
    return reply->answer(jobs_.cancel(id) ? json("{}\n", 202) : fault(409, "the job is over"));
  }
  if (request.method == "PATCH") return reply->answer(rename(id, *view, request.body));
  if (part == "events") return send_events(id, reply);
  if (const std::string form = behind(part, "form/"); !form.empty()) {
    const auto found = view->forms.find(form);
    if (found == view->forms.end()) return reply->answer(fault(404, "the answer has no form '" + form + "'"));
    const bool page = form == "html";
    return reply->answer({200, page ? "text/html; charset=utf-8" : "application/octet-stream", found->second,
                          {{"Content-Security-Policy", kReportPolicy}}});
  }
  if (!part.empty()) return reply->answer(fault(404, "there is no " + request.path));
  reply->answer(json(view_text(*view)));
}

HttpResponse LocalApi::rename(const std::string& id, const JobView& view, const std::string& body) {
  const auto document = parse_json("name", body);
  if (!document || !document->root.is_mapping()) return fault(400, "write {\"name\": ..., \"note\": ...}");
  const auto said = [&](const char* what, const std::string& otherwise) {
    const Node* node = document->root.find(what);
    return node == nullptr ? otherwise : node->text;
  };
  jobs_.set_name(id, said("name", view.name), said("note", view.note));
  return json(view_text(*jobs_.view(id)));
}

void LocalApi::send_events(const std::string& id, const std::shared_ptr<HttpReply>& reply) {
  const auto watch = std::make_shared<std::uint64_t>(0);
  const auto stream = reply->stream({200, "text/event-stream; charset=utf-8", ""},
                                    [this, id, watch] { jobs_.unwatch(id, *watch); });
  *watch = jobs_.watch(id, [stream](const JobView& job) {
    stream->send(event(is_over(job.state) ? "over" : "progress", view_text(job)));
    if (is_over(job.state)) stream->end();
  });
}

}  // namespace stargate
