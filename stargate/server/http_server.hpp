// HTTP/1.1 for this machine's own browser and clients: a server on 127.0.0.1 that reads whole requests, answers whole
// or as a stream of pieces, and closes what is too large, too slow or too many. What is answered is the handler's.
// Built on Boost.Beast and Asio; one thread moves all bytes, handlers compute on threads of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stargate/base/result.hpp"

namespace stargate {

struct HttpRequest {
  std::string method;                                      ///< "GET"
  std::string path;                                        ///< before "?", percent signs decoded: "/api/ask/serve size"
  std::map<std::string, std::string, std::less<>> query;   ///< decoded
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case; of several the last
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside type and length
};

/// Pieces of an answer whose end is not known when it begins. Thread-safe; after the client has gone nothing is sent.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  virtual void send(std::string piece) = 0;
  virtual void end() = 0;  ///< once; nothing is sent after it
};

/// The way back for one request. Exactly one of the two is called, once, on any thread.
class HttpReply {
 public:
  virtual ~HttpReply() = default;
  virtual void answer(HttpResponse response) = 0;
  /// `gone` is called once on the server's thread when the client leaves before the end.
  virtual std::shared_ptr<HttpStream> stream(HttpResponse head, std::function<void()> gone) = 0;
};

/// Called on the server's thread: what takes long must move elsewhere and answer from there.
using HttpHandler = std::function<void(HttpRequest, std::shared_ptr<HttpReply>)>;

struct HttpLimits {
  std::uint64_t body_bytes = 4 << 20;   ///< larger: 413
  std::uint32_t header_bytes = 16384;   ///< larger: 431
  int seconds_to_send = 20;             ///< a request begun and not sent whole by then: 408
  int idle_seconds = 120;               ///< between two requests of a connection
  std::size_t connections = 4096;       ///< more are answered 503 and closed
};

class HttpServer {
 public:
  /// Port 0: a free one. Faults: the port is taken or not allowed.
  static Result<std::unique_ptr<HttpServer>> listen(std::uint16_t port, HttpHandler handler, HttpLimits limits = {});
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  virtual void run() = 0;   ///< until stop(), or SIGINT or SIGTERM where `on_signals`
  virtual void stop() = 0;  ///< from any thread
  virtual void stop_on_signals() = 0;
};

/// "%20" and "+" undone; what is no escape stays.
std::string decode_percent(std::string_view text);
/// Everything but letters, digits, "-", ".", "_" and "~" as escapes.
std::string encode_percent(std::string_view text);

}  // namespace stargate
