#include "net/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace groomer::net {
namespace {

using Outcome = Decoded::Outcome;

// window: what zlib calls windowBits, which chooses the format, too.
constexpr int gzip_window = 16 + MAX_WBITS;
constexpr int zlib_window = MAX_WBITS;
constexpr int raw_window = -MAX_WBITS;

class Inflater {
public:
    explicit Inflater(int window) {
        if (inflateInit2(&stream_, window) != Z_OK) throw std::bad_alloc{};
    }
    ~Inflater() { inflateEnd(&stream_); }
    Inflater(Inflater const&) = delete;
    Inflater& operator=(Inflater const&) = delete;

    // One member, appended to `out`; `data` is left with what follows it.
    Outcome decode(std::string_view& data, std::size_t limit, std::string& out) {
        std::array<char, 64UL * 1024> buffer;
        for (int result = Z_OK; result != Z_STREAM_END;) {
            auto const piece = static_cast<uInt>(std::min<std::size_t>(data.size(), std::numeric_limits<uInt>::max()));
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // which zlib does not write to
            stream_.avail_in = piece;
            stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
            stream_.avail_out = static_cast<uInt>(buffer.size());
            result = inflate(&stream_, Z_NO_FLUSH);
            if (result == Z_MEM_ERROR) throw std::bad_alloc{};
            if (result != Z_OK && result != Z_STREAM_END) return Outcome::broken;  // Z_BUF_ERROR: it ends too early
            data.remove_prefix(piece - stream_.avail_in);
            std::size_t const got = buffer.size() - stream_.avail_out;
            if (got > limit - out.size()) return Outcome::too_large;
            out.append(buffer.data(), got);
        }
        inflateReset(&stream_);
        return Outcome::whole;
    }

private:
    z_stream stream_{};
};

Decoded decode(std::string_view data, std::size_t limit, int window) {
    Inflater inflater{window};
    Decoded decoded;
    do {
        decoded.outcome = inflater.decode(data, limit, decoded.data);
    } while (decoded.outcome == Outcome::whole && window == gzip_window && !data.empty());
    if (decoded.outcome == Outcome::whole && !data.empty()) decoded.outcome = Outcome::broken;
    if (decoded.outcome != Outcome::whole) decoded.data.clear();
    return decoded;
}

}  // namespace

Decoded decode_gzip(std::string_view data, std::size_t limit) { return decode(data, limit, gzip_window); }

Decoded decode_deflate(std::string_view data, std::size_t limit) {
    Decoded decoded = decode(data, limit, zlib_window);
    return decoded.outcome == Outcome::broken ? decode(data, limit, raw_window) : decoded;
}

}  // namespace groomer::net
