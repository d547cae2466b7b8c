// One connection is one object that keeps itself alive through the operation it waits for. All of them run on the one
// thread of run(); replies from other threads are posted to it.
#include "stargate/server/http_server.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <chrono>
#include <deque>
#include <optional>
#include <set>

namespace stargate {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using Error = beast::error_code;

class Connection;

struct Shared {
  asio::io_context io{1};
  HttpHandler handler;
  HttpLimits limits;
  std::set<Connection*> connections;  ///< those that live
  std::atomic<bool> closed = false;   ///< the server has gone: nothing is moved to its thread any more
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return out;
}

HttpRequest request_of(http::request<http::string_body>&& message) {
  HttpRequest out;
  out.method = std::string(message.method_string());
  const std::string target(message.target());
  const auto mark = target.find('?');
  out.path = decode_percent(target.substr(0, mark));
  for (std::size_t begin = mark; begin < target.size();) {
    const std::size_t end = std::min(target.find('&', begin + 1), target.size());
    const std::string pair = target.substr(begin + 1, end - begin - 1);
    const auto equals = pair.find('=');
    if (!pair.empty()) {
      out.query[decode_percent(pair.substr(0, equals))] =
          equals == std::string::npos ? std::string() : decode_percent(pair.substr(equals + 1));
    }
    begin = end;
  }
  for (const auto& field : message) {
    out.headers[lower(std::string_view(field.name_string().data(), field.name_string().size()))] =
        std::string(field.value());
  }
  out.body = std::move(message.body());
  return out;
}

HttpResponse plain(int status, const std::string& message) {
  return {status, "application/json", "{\"error\": {\"message\": \"" + message + "\"}}\n"};
}

template <class Body>
void set_head(http::response<Body>& out, const HttpResponse& response) {
  out.result(static_cast<unsigned>(response.status));
  out.set(http::field::content_type, response.type);
  out.set(http::field::cache_control, "no-store");
  out.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) out.set(name, value);
}

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Shared> shared, tcp::socket socket)
      : shared_(std::move(shared)), stream_(std::move(socket)) {
    shared_->connections.insert(this);
    Error ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
  }
  ~Connection() { shared_->connections.erase(this); }

  void begin() {
    if (shared_->connections.size() > shared_->limits.connections) {
      closes_ = true;
      return write(plain(503, "too many connections"));
    }
    wait_for_request();
  }

  void write(HttpResponse response) {
    auto message = std::make_shared<http::response<http::string_body>>();
    message->version(11);
    set_head(*message, response);
    message->body() = std::move(response.body);
    message->keep_alive(!closes_);
    message->prepare_payload();
    if (head_only_) message->body().clear();
    stream_.expires_after(std::chrono::seconds(shared_->limits.seconds_to_send));
    const auto self = shared_from_this();
    const auto done = [self, message](Error error, std::size_t) {
      if (error || self->closes_) return self->close();
      self->wait_for_request();
    };
    http::async_write(stream_, *message, done);
  }

  void begin_stream(const HttpResponse& head, std::function<void()> gone) {
    gone_ = std::move(gone);
    head_ = std::make_shared<http::response<http::empty_body>>();
    head_->version(11);
    set_head(*head_, head);
    head_->keep_alive(false);
    head_->chunked(true);
    serializer_ = std::make_shared<http::response_serializer<http::empty_body>>(*head_);
    writing_ = true;
    stream_.expires_never();
    const auto self = shared_from_this();
    http::async_write_header(stream_, *serializer_, [self](Error error, std::size_t) { self->written(error); });
    watch();
  }
  void send(std::string piece) {
    if (left_ || ended_ || piece.empty()) return;
    pieces_.push_back(std::move(piece));
    if (!writing_) write_pieces();
  }
  void end() {
    if (left_ || ended_) return;
    ended_ = true;
    if (!writing_) write_pieces();
  }
  void close() {
    left_ = true;
    Error ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.close();
  }

 private:
  /// Idle until the first byte, then the whole of it within its time.
  void wait_for_request() {
    parser_.emplace();
    parser_->body_limit(shared_->limits.body_bytes);
    parser_->header_limit(shared_->limits.header_bytes);
    if (buffer_.size() > 0) return read();
    stream_.expires_after(std::chrono::seconds(shared_->limits.idle_seconds));
    const auto self = shared_from_this();
    const auto room = buffer_.prepare(4096);
    stream_.async_read_some(room, [self](Error error, std::size_t bytes) {
      if (error) return self->close();
      self->buffer_.commit(bytes);
      self->read();
    });
  }

  void read() {
    stream_.expires_after(std::chrono::seconds(shared_->limits.seconds_to_send));
    const auto self = shared_from_this();
    http::async_read(stream_, buffer_, *parser_, [self](Error error, std::size_t) { self->read_whole(error); });
  }

  void read_whole(Error error) {
    if (error) {
      closes_ = true;
      if (error == http::error::body_limit) return write(plain(413, "the body is larger than the server reads"));
      if (error == http::error::header_limit) return write(plain(431, "the headers are larger than the server reads"));
      if (error == beast::error::timeout || error == http::error::end_of_stream) return close();
      if (error == http::error::partial_message || error.category() == asio::error::get_system_category()) {
        return close();
      }
      return write(plain(400, "this is no HTTP request"));
    }
    closes_ = !parser_->keep_alive();
    head_only_ = parser_->get().method() == http::verb::head;
    stream_.expires_never();
    shared_->handler(request_of(parser_->release()), make_reply());
  }

  std::shared_ptr<HttpReply> make_reply();

  /// A client that leaves in the middle of a stream shows as the end of what it sends.
  void watch() {
    const auto self = shared_from_this();
    stream_.socket().async_read_some(asio::buffer(byte_), [self](Error error, std::size_t) {
      if (!error) return self->watch();
      self->leave();
    });
  }

  void write_pieces() {
    writing_ = true;
    const auto self = shared_from_this();
    const auto done = [self](Error error, std::size_t) { self->written(error); };
    if (pieces_.empty()) {
      last_ = true;
      return asio::async_write(stream_, http::make_chunk_last(), done);
    }
    sent_.clear();
    for (const std::string& piece : pieces_) sent_ += piece;
    pieces_.clear();
    asio::async_write(stream_, http::make_chunk(asio::buffer(sent_)), done);
  }

  void written(Error error) {
    writing_ = false;
    if (error) return leave();
    if (last_) {
      gone_ = nullptr;
      return close();
    }
    if (!pieces_.empty() || ended_) write_pieces();
  }

  void leave() {
    if (left_) return;
    left_ = true;
    if (const auto gone = std::exchange(gone_, nullptr)) gone();
    close();
  }

  std::shared_ptr<Shared> shared_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool closes_ = false;     ///< after the answer that is being made
  bool head_only_ = false;  ///< HEAD: no body goes out
  // A stream of pieces.
  std::shared_ptr<http::response<http::empty_body>> head_;
  std::shared_ptr<http::response_serializer<http::empty_body>> serializer_;
  std::function<void()> gone_;
  std::deque<std::string> pieces_;
  std::string sent_;
  char byte_[1] = {};
  bool writing_ = false, ended_ = false, last_ = false, left_ = false;
};

/// Both sides of an answer; every call is moved to the server's thread.
class Reply final : public HttpReply, public HttpStream, public std::enable_shared_from_this<Reply> {
 public:
  Reply(std::shared_ptr<Shared> shared, std::shared_ptr<Connection> connection)
      : shared_(std::move(shared)), connection_(std::move(connection)) {}

  void answer(HttpResponse response) override {
    post([c = connection_, r = std::move(response)]() mutable { c->write(std::move(r)); });
  }
  std::shared_ptr<HttpStream> stream(HttpResponse head, std::function<void()> gone) override {
    post([c = connection_, h = std::move(head), g = std::move(gone)]() mutable { c->begin_stream(h, std::move(g)); });
    return shared_from_this();
  }
  void send(std::string piece) override {
    post([c = connection_, p = std::move(piece)]() mutable { c->send(std::move(p)); });
  }
  void end() override {
    post([c = connection_] { c->end(); });
  }

 private:
  template <class Work>
  void post(Work work) {
    if (!shared_->closed) asio::post(shared_->io, std::move(work));
  }

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Connection> connection_;
};

std::shared_ptr<HttpReply> Connection::make_reply() { return std::make_shared<Reply>(shared_, shared_from_this()); }

class BeastServer final : public HttpServer {
 public:
  BeastServer(HttpHandler handler, const HttpLimits& limits) : shared_(std::make_shared<Shared>()) {
    shared_->handler = std::move(handler);
    shared_->limits = limits;
  }

  Error open(std::uint16_t port) {
    Error error;
    const tcp::endpoint here(asio::ip::address_v4::loopback(), port);
    acceptor_.open(here.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(here, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) accept();
    return error;
  }

  /// Operations that wait keep their connections alive, which keep what all share: all are ended here.
  ~BeastServer() override {
    shared_->closed = true;
    Error ignored;
    acceptor_.close(ignored);
    if (signals_) signals_->cancel(ignored);
    for (Connection* connection : shared_->connections) connection->close();
    shared_->io.restart();
    shared_->io.poll();
  }

  std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }
  void run() override { shared_->io.run(); }
  void stop() override { shared_->io.stop(); }
  void stop_on_signals() override {
    signals_.emplace(shared_->io, SIGINT, SIGTERM);
    signals_->async_wait([this](Error error, int) {
      if (!error) stop();
    });
  }

 private:
  void accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      // Out of files: those who wait are taken when a connection ends.
      if (!error) std::make_shared<Connection>(shared_, std::move(socket))->begin();
      accept();
    });
  }

  std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_{shared_->io};
  std::optional<asio::signal_set> signals_;
};

}  // namespace

std::string decode_percent(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = high >= 0 ? digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(16 * high + low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string encode_percent(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%', out += digits[byte / 16], out += digits[byte % 16];
    }
  }
  return out;
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(std::uint16_t port, HttpHandler handler, HttpLimits limits) {
  auto server = std::make_unique<BeastServer>(std::move(handler), limits);
  if (const Error error = server->open(port)) {
    Diagnostic fault;
    fault.message = "port " + std::to_string(port) + " of 127.0.0.1 cannot be opened: " + error.message();
    fault.hint = "give another with --port, or 0 for any that is free";
    return fault;
  }
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace stargate
