#include "control/aws_signature.h"

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::control {
namespace {

const std::string kNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string signature_of(const std::string& authorization) {
  return authorization.substr(authorization.rfind("Signature=") + 10);
}

/// The examples that AWS published with its description of signing for Amazon S3.
class S3Examples : public testing::Test {
 protected:
  std::string sign(AwsRequest request) const {
    request.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
    request.headers.emplace_back("x-amz-content-sha256", request.body_hash);
    request.headers.emplace_back("x-amz-date", "20130524T000000Z");
    const AwsCredentials credentials{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
    return aws_authorization(request, credentials, "us-east-1", "s3", *parse_time("2013-05-24T00:00:00Z"));
  }
};

TEST_F(S3Examples, GetsAnObject) {
  EXPECT_EQ(sign({"GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, kNothing}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(S3Examples, PutsAnObject) {
  const std::string hash = to_hex(as_bytes(sha256("Welcome to Amazon S3.")));
  EXPECT_EQ(
      signature_of(sign({"PUT",
                         aws_encoded("/test$file.text", true),
                         {},
                         {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         hash})),
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_F(S3Examples, AsksForALifecycle) {
  EXPECT_EQ(signature_of(sign({"GET", "/", {{"lifecycle", ""}}, {}, kNothing})),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST_F(S3Examples, ListsObjects) {
  EXPECT_EQ(signature_of(sign({"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, kNothing})),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

/// get-vanilla and others of the suite that AWS published for every service.
class SignatureSuite : public testing::Test {
 protected:
  std::string sign(AwsRequest request) const {
    request.headers.emplace_back("Host", "example.amazonaws.com");
    request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
    if (request.body_hash.empty()) request.body_hash = kNothing;
    const AwsCredentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
    return signature_of(
        aws_authorization(request, credentials, "us-east-1", "service", *parse_time("2015-08-30T12:36:00Z")));
  }
};

TEST_F(SignatureSuite, Vanilla) {
  EXPECT_EQ(sign({"GET", "/", {}, {}, ""}), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(sign({"POST", "/", {}, {}, ""}), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST_F(SignatureSuite, QueryIsSortedByName) {
  EXPECT_EQ(sign({"GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {}, ""}),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(AwsSignature, EncodesWhatIsNotPlain) {
  EXPECT_EQ(aws_encoded("a b/ü~", true), "a%20b/%C3%BC~");
  EXPECT_EQ(aws_encoded("a/b", false), "a%2Fb");
}

}  // namespace
}  // namespace reeve::control
