#include "app/version.hpp"

#include "app/version_data.hpp"
#include "pg/versions.hpp"

#include <openssl/crypto.h>
#include <boost/version.hpp>

namespace groomer::app {

Version version() {
    Version out;
    out.version = GROOMER_VERSION;
    out.revision = GROOMER_REVISION;
    out.compiler = __VERSION__;
    out.boost = std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
    out.libpqxx = pg::libpqxx_version();
    out.libpq = pg::libpq_version();
    out.openssl = OpenSSL_version(OPENSSL_VERSION_STRING);
    return out;
}

}  // namespace groomer::app
