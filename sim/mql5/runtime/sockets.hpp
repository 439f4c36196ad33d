// Socket*: real TCP, with MetaTrader's error codes, and with its bad habits where the host asks for them.
//
// Time: a read waits for real data. Where an answer is owed (Host::patience_ms) it waits longer than its own timeout in
// real time, so that a slow machine does not change a run; only when nothing comes does the EA's clock move, by the
// timeout. So the EA sees the same times whatever the machine does. Patience that is used up does not come back before
// the host gives it again: a peer that never answers does not hold a run up.
#pragma once
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "terminal.hpp"

namespace mql {
struct Socket {
  int descriptor = -1;
  bool is_used = false, is_connected = false;
};
inline Socket sockets[128];

inline Socket *socket_of(int handle) {
  bool is_known = handle >= 0 && handle < 128 && sockets[handle].is_used;
  return is_known ? &sockets[handle] : (fails(ERR_NETSOCKET_INVALIDHANDLE), nullptr);
}
inline void tell_traffic(int handle, Traffic what, const uchar *data = nullptr, size_t length = 0) {
  host().traffic(handle, what, data, (uint)length);
}
inline int lost(int handle) {
  Socket &socket = sockets[handle];
  if (socket.is_connected) {
    socket.is_connected = false;
    ::close(socket.descriptor);
    socket.descriptor = -1;
    tell_traffic(handle, ENDED);
  }
  return fails(ERR_NETSOCKET_IO_ERROR), -1;
}
inline bool has_fault(SocketFault fault) { return host().faults & fault; }

inline int SocketCreate(uint = 0) {
  for (int handle = 0; handle < 128; handle++)
    if (!sockets[handle].is_used) return sockets[handle].is_used = true, handle;
  return fails(ERR_NETSOCKET_TOO_MANY_OPENED), INVALID_HANDLE;
}
inline bool SocketClose(int handle) {
  Socket *socket = socket_of(handle);
  if (!socket) return false;
  if (socket->is_connected) lost(handle), last_error = 0;
  *socket = Socket();
  return true;
}
inline int connected_descriptor(const std::string &server, uint port, uint timeout_ms) {
  addrinfo hints = {}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(server.c_str(), std::to_string(port).c_str(), &hints, &found)) return -1;
  int descriptor = -1;
  for (addrinfo *one = found; one && descriptor < 0; one = one->ai_next) {
    descriptor = ::socket(one->ai_family, SOCK_STREAM, 0);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    int error = ::connect(descriptor, one->ai_addr, one->ai_addrlen) ? errno : 0;
    pollfd wait = {descriptor, POLLOUT, 0};
    socklen_t size = sizeof error;
    if (error == EINPROGRESS && ::poll(&wait, 1, (int)timeout_ms) == 1)
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) ::close(descriptor), descriptor = -1;
  }
  freeaddrinfo(found);
  return descriptor;
}
inline bool SocketConnect(int handle, const string &server, uint port, uint timeout_ms) {
  Socket *socket = socket_of(handle);
  if (!socket) return false;
  if (has_fault(REFUSED_BY_LIST)) return fails(ERR_FUNCTION_NOT_ALLOWED);
  if (has_fault(REFUSED_BY_PEER) || socket->is_connected) return fails(ERR_NETSOCKET_CANNOT_CONNECT);
  socket->descriptor = connected_descriptor(server.utf8(), port, timeout_ms);
  if (socket->descriptor < 0) return fails(ERR_NETSOCKET_CANNOT_CONNECT);
  int yes = 1;
  setsockopt(socket->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  socket->is_connected = true;
  tell_traffic(handle, CONNECTED);
  return true;
}
// Learns of a lost connection only from reading or writing, as in the terminal.
inline bool SocketIsConnected(int handle) {
  Socket *socket = socket_of(handle);
  return socket && socket->is_connected;
}
inline uint SocketIsReadable(int handle) {
  pass_us(1);
  Socket *socket = socket_of(handle);
  if (!socket || !socket->is_connected) return 0;
  int waiting = 0;
  ioctl(socket->descriptor, FIONREAD, &waiting);
  if (!waiting && has_fault(IS_READABLE_GUESSES)) return 1;
  pollfd wait = {socket->descriptor, POLLIN, 0};
  if (!waiting && ::poll(&wait, 1, 0) == 1) return 1; // closed by the peer: the next read says so
  return (uint)(waiting && has_fault(READ_DRIBBLES) ? 1 : waiting);
}
inline bool SocketIsWritable(int handle) { return SocketIsConnected(handle); }
inline bool SocketTimeouts(int handle, uint, uint) { return socket_of(handle) != nullptr; }
inline int SocketSend(int handle, ConstView<uchar> data, uint length) {
  Socket *socket = socket_of(handle);
  if (!socket) return -1;
  if (!socket->is_connected) return fails(ERR_NETSOCKET_IO_ERROR), -1;
  if (length > (uint)data.size()) return fails(ERR_INVALID_PARAMETER), -1;
  for (uint sent = 0; sent < length;) {
    ssize_t count = ::send(socket->descriptor, data.data() + sent, length - sent, MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      pollfd wait = {socket->descriptor, POLLOUT, 0};
      if (::poll(&wait, 1, 10000) == 1) continue;
    }
    if (count <= 0) return lost(handle);
    sent += (uint)count;
  }
  tell_traffic(handle, SENT, data.data(), length);
  return (int)length;
}
inline long64 real_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
// Bytes of the connection the EA may still hear before it is broken.
inline uint undropped(uint wanted) {
  long64 left = host().drop_after;
  return left < 0 ? wanted : (uint)std::min<long64>(wanted, left);
}
inline int SocketRead(int handle, View<uchar> buffer, uint length, uint timeout_ms) {
  Socket *socket = socket_of(handle);
  if (!socket) return -1;
  if (!socket->is_connected) return fails(ERR_NETSOCKET_IO_ERROR), -1;
  if (!length || length > INT_MAX || !buffer.hold((int)length)) return fails(ERR_INVALID_PARAMETER), -1;
  long64 timeout = timeout_ms ? timeout_ms : 120000; // MetaTrader takes 0 for two minutes
  long64 end = real_ms() + std::max<long64>(host().patience_ms, timeout);
  uint heard = 0;
  for (;;) {
    uint wanted = undropped(has_fault(READ_DRIBBLES) ? std::min(1u, length - heard) : length - heard);
    ssize_t count = wanted ? ::recv(socket->descriptor, buffer.data() + heard, wanted, 0) : 0;
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return lost(handle), heard ? (int)heard : -1;
    if (count > 0) {
      if (host().drop_after >= 0) host().drop_after -= count;
      tell_traffic(handle, HEARD, buffer.data() + heard, (size_t)count);
      heard += (uint)count;
      if (heard == length || !has_fault(READ_WAITS_FOR_ALL)) return (int)heard;
    } else {
      pollfd wait = {socket->descriptor, POLLIN, 0};
      long64 left = end - real_ms();
      if (left <= 0 || ::poll(&wait, 1, (int)left) == 0) {
        pass_us(timeout * 1000);
        host().patience_ms = 0;
        return heard ? (int)heard : (fails(ERR_NETSOCKET_IO_ERROR), -1);
      }
    }
  }
}
// For the host: whether something can be read on any connection within so much real time.
inline bool wait_readable(int timeout_ms) {
  pollfd waits[128];
  nfds_t count = 0;
  for (Socket &socket : sockets)
    if (socket.is_connected) waits[count++] = {socket.descriptor, POLLIN, 0};
  return ::poll(waits, count, timeout_ms) > 0;
}
} // namespace mql
