// The local service over real sockets of this machine: who is let in, what is refused, and jobs to their end.
#include <doctest/doctest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <thread>

#include "stargate/server/api.hpp"

namespace stargate {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

using Answer = http::response<http::string_body>;

std::unique_ptr<JobStore> memory() {
  auto store = JobStore::open(":memory:");
  REQUIRE(store);
  return std::move(*store);
}

/// A server on a free port for as long as it lives.
class Running {
 public:
  explicit Running(HttpLimits limits = {}) : jobs_(STARGATE_SOURCE_DIR "/catalogue", 1, memory()), api_(jobs_, "secret") {
    auto made = HttpServer::listen(
        0, [this](HttpRequest request, const std::shared_ptr<HttpReply>& reply) { api_.handle(std::move(request), reply); },
        limits);
    REQUIRE(made);
    server_ = std::move(*made);
    api_.set_port(server_->port());
    thread_ = std::thread([this] { server_->run(); });
  }
  ~Running() {
    server_->stop();
    thread_.join();
  }
  std::uint16_t port() const { return server_->port(); }
  std::string host() const { return "127.0.0.1:" + std::to_string(port()); }

  /// One connection, one request.
  Answer ask(http::verb verb, const std::string& target, const std::string& body = {},
             const std::vector<std::pair<std::string, std::string>>& headers = {{"Authorization", "Bearer secret"}}) const {
    http::request<http::string_body> request{verb, target, 11};
    request.set(http::field::host, host());
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = body;
    request.prepare_payload();
    tcp::socket socket = connected();
    http::write(socket, request);
    return read(socket);
  }
  tcp::socket connected() const {
    tcp::socket socket(io_);
    socket.connect({asio::ip::address_v4::loopback(), port()});
    return socket;
  }
  static Answer read(tcp::socket& socket) {
    boost::beast::flat_buffer buffer;
    Answer answer;
    http::read(socket, buffer, answer);
    return answer;
  }

 private:
  JobQueue jobs_;
  LocalApi api_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  mutable asio::io_context io_;
};

bool has(const Answer& answer, const std::string& text) { return answer.body().find(text) != std::string::npos; }

TEST_CASE("a question asked over HTTP has the answer, the text and the command line of the program") {
  const Running server;
  const Answer answer = server.ask(http::verb::post, "/api/ask/model", R"({"model": "llama-3.1-8b"})");
  CHECK(answer.result_int() == 200);
  CHECK(has(answer, "\"command\": \"stargate model llama-3.1-8b\""));
  CHECK(has(answer, "8030261248"));
  CHECK(server.ask(http::verb::get, "/api/schema/serve%20size").result_int() == 200);
  CHECK(has(server.ask(http::verb::get, "/api/questions"), "\"serve size\""));
}

TEST_CASE("a wrong question names its field, and one that does not exist is not found") {
  const Running server;
  const Answer wrong = server.ask(http::verb::post, "/api/ask/model", R"({"model": "llama-3.1-9b"})");
  CHECK(wrong.result_int() == 422);
  CHECK(has(wrong, "did you mean 'llama-3.1-8b'"));
  CHECK(server.ask(http::verb::post, "/api/ask/model", R"({"model": 3)").result_int() == 400);
  CHECK(server.ask(http::verb::post, "/api/ask/model", "[]").result_int() == 400);
  CHECK(server.ask(http::verb::post, "/api/ask/models", "{}").result_int() == 404);
  CHECK(server.ask(http::verb::get, "/api/ask/model").result_int() == 405);
}

TEST_CASE("without the token, by another name, or from a page of elsewhere nothing is answered") {
  const Running server;
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto status = [&](const std::string& target, const Headers& headers) {
    return server.ask(http::verb::get, target, {}, headers).result_int();
  };
  CHECK(status("/api/questions", {}) == 401);
  CHECK(status("/api/questions", {{"Authorization", "Bearer Secret"}}) == 401);
  CHECK(status("/api/questions", {{"Cookie", "other=1; stargate=secret"}}) == 200);
  CHECK(status("/?token=wrong", {}) == 401);
  CHECK(status("/?token=secret", {}) == 303);
  CHECK(status("/", {{"Host", "stargate.example"}}) == 403);
  CHECK(status("/api/questions", {{"Authorization", "Bearer secret"}, {"Origin", "http://stargate.example"}}) == 403);
  CHECK(status("/../../etc/passwd", {}) == 404);
  CHECK(server.ask(http::verb::get, "/").find("Content-Security-Policy") != Answer{}.end());
}

TEST_CASE("what is too large or no HTTP is refused, and the next client is served") {
  HttpLimits limits;
  limits.body_bytes = 1000, limits.header_bytes = 2000;
  const Running server(limits);
  CHECK(server.ask(http::verb::post, "/api/ask/model", std::string(2000, ' ')).result_int() == 413);
  CHECK(server.ask(http::verb::get, "/", {}, {{"X-Long", std::string(5000, 'x')}}).result_int() == 431);
  tcp::socket socket = server.connected();
  asio::write(socket, asio::buffer(std::string("\x16\x03\x01 no request\r\n\r\n")));
  CHECK(Running::read(socket).result_int() == 400);
  CHECK(server.ask(http::verb::get, "/").result_int() == 200);
}

TEST_CASE("a slow client is not waited for, and a connection too many is told so") {
  HttpLimits limits;
  limits.seconds_to_send = 1, limits.connections = 1;
  const Running server(limits);
  tcp::socket slow = server.connected();
  asio::write(slow, asio::buffer(std::string("GET / HT")));
  tcp::socket second = server.connected();
  CHECK(Running::read(second).result_int() == 503);
  char byte = 0;
  boost::system::error_code error;
  slow.read_some(asio::buffer(&byte, 1), error);  // returns when the server closes
  CHECK(error == asio::error::eof);
}

TEST_CASE("a job tells of itself until it is over, and is kept") {
  const Running server;
  const Answer made = server.ask(http::verb::post, "/api/jobs/model", R"({"model": "llama-3.1-8b"})");
  CHECK(made.result_int() == 202);
  CHECK(has(made, "\"id\": \"1\""));
  const Answer events = server.ask(http::verb::get, "/api/jobs/1/events");
  CHECK(has(events, "event: over\ndata: {\n"));
  CHECK(has(events, "8030261248"));
  CHECK(has(server.ask(http::verb::get, "/api/jobs/1"), "\"state\": \"answered\""));
  CHECK(server.ask(http::verb::delete_, "/api/jobs/1").result_int() == 409);
  CHECK(server.ask(http::verb::get, "/api/jobs/2").result_int() == 404);
  CHECK(has(server.ask(http::verb::patch, "/api/jobs/1", R"({"name": "the small one"})"), "\"name\": \"the small one\""));
  CHECK(has(server.ask(http::verb::get, "/api/jobs"), "\"question\": \"model\""));
}

TEST_CASE("a job that waits is cancelled before it begins") {
  JobQueue jobs(STARGATE_SOURCE_DIR "/catalogue", 0, memory());  // nobody answers
  auto asked = parse_asked_question("test", R"({"question": "model", "model": "llama-3.1-8b"})");
  REQUIRE(asked);
  const std::string id = jobs.submit(std::move(*asked));
  CHECK(jobs.view(id)->state == JobState::queued);
  CHECK(jobs.cancel(id));
  CHECK_FALSE(jobs.cancel("9"));
}

TEST_CASE("what was asked outlives the process, and what it was answering is said to be interrupted") {
  const std::string path = (std::filesystem::temp_directory_path() / ("stargate-history-" + make_token())).string();
  const auto opened = [&] {
    auto store = JobStore::open(path);
    REQUIRE(store);
    return std::move(*store);
  };
  {
    const auto store = opened();
    JobView job;
    job.question = "model", job.asked = "{}";
    job.id = store->add(job);
    job.state = JobState::answered, job.text = "text", job.json = "{}", job.forms["html"] = "<p>";
    store->set_over(job);
    CHECK(store->set_name(job.id, "mine", ""));
    CHECK(store->add(job) == "2");  // never over: as after a kill
  }
  const auto store = opened();
  CHECK(store->newest(9).size() == 2);
  CHECK(store->find("1")->name == "mine");
  CHECK(store->find("1")->forms.at("html") == "<p>");
  JobView running;
  running.question = "model", running.asked = "{}", running.state = JobState::running;
  const std::string id = store->add(running);
  CHECK(opened()->find(id)->state == JobState::interrupted);
  CHECK_FALSE(JobStore::open("/no/such/folder/history"));
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
}

TEST_CASE("escapes of an address are undone, and what is none stays") {
  CHECK(decode_percent("serve%20size") == "serve size");
  CHECK(decode_percent("a+b%2") == "a b%2");
  CHECK(decode_percent("%zz%41") == "%zzA");
  CHECK(decode_percent(encode_percent("my studies/ä&b.yaml")) == "my studies/ä&b.yaml");
}

}  // namespace
}  // namespace stargate
