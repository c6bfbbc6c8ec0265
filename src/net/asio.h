#pragma once

// The one door through which Boost.Asio enters: private to this room, included by its .cpp files and its other private
// headers only. Asio is compiled once, in asio.cpp; every other file sees declarations.

#define BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ASIO_DISABLE_BOOST_COROUTINE

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace reeve::net {

namespace asio = boost::asio;
using AsioError = boost::system::error_code;

// Concrete executors: the type-erased default costs an indirect call and a reference count for each operation.
using LoopExecutor = asio::io_context::executor_type;
using LoopSocket = asio::basic_stream_socket<asio::ip::tcp, LoopExecutor>;
using LoopTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
using LoopResolver = asio::ip::basic_resolver<asio::ip::tcp, LoopExecutor>;

}  // namespace reeve::net
