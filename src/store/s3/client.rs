//! The SDK's client, made from the options: where it finds credentials, what it trusts, how it asks.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::environment::region::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::profile::region::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::store::error::StoreError;
use crate::store::s3::answers::Bounds;
use crate::store::s3::options::S3Options;
use crate::sys::file::read_bounded;

/// Largest file of certificates.
const BUNDLE_MAX_BYTES: u64 = 4 << 20;
/// The region that requests are signed for where a server of one's own names none.
const REGION_DEFAULT: &str = "us-east-1";
/// How long an idle connection is kept: shorter than servers do, so that none is found closed.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// A client for what `options` name. Asks no store, but perhaps whoever gives credentials where the
/// caller has none.
pub async fn connect(
    options: &S3Options,
    location: &str,
    credentials: Option<Credentials>,
) -> Result<Client, StoreError> {
    let http = http_client(options, location)?;
    let region = region(options, location).await?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
    match (credentials, &options.profile) {
        (Some(credentials), _) => loader = loader.credentials_provider(credentials),
        // The chain would ask the environment first, and so pass over what was named for just this bucket.
        (None, Some(profile)) => {
            let around = ProviderConfig::without_region().with_http_client(http);
            let named = ProfileFileCredentialsProvider::builder()
                .configure(&around.with_region(Some(region.clone())))
                .profile_name(profile);
            loader = loader.profile_name(profile).credentials_provider(named.build());
        }
        (None, None) => {}
    }
    let shared = loader.region(region).load().await;
    let mut config = aws_sdk_s3::config::Builder::from(&shared)
        .force_path_style(options.path_style)
        // One call is one attempt; and what stalls is found by `watch`, by this store's own limits.
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(Bounds)
        .timeout_config(TimeoutConfig::builder().connect_timeout(options.connect_timeout).build())
        // Uploads bring a checksum of their own; what comes back is checked wherever the server sends one.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenSupported);
    if let Some(endpoint) = &options.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Ok(Client::from_conf(config.build()))
}

/// The region: named, or that of the environment, of the profile, or of the machine.
async fn region(options: &S3Options, location: &str) -> Result<Region, StoreError> {
    if let Some(region) = &options.region {
        return Ok(Region::new(region.clone()));
    }
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    let chain =
        RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new()).or_else(profile.build());
    // Only AWS tells its machines where they are; asking elsewhere takes seconds.
    let found = match &options.endpoint {
        Some(_) => chain.or_else(Region::from_static(REGION_DEFAULT)).region().await,
        None => chain.or_default_provider().region().await,
    };
    found.ok_or_else(|| StoreError::Unsupported {
        location: location.to_owned(),
        why: "the bucket's region is not known; set region=… in the URL, or AWS_REGION".into(),
    })
}

fn http_client(options: &S3Options, location: &str) -> Result<SharedHttpClient, StoreError> {
    let unsupported = |why| StoreError::Unsupported { location: location.to_owned(), why };
    let mut trusted = TrustStore::default();
    if let Some(path) = &options.ca_bundle {
        let wrong = |why: &dyn std::fmt::Display| unsupported(format!("ca-bundle {}: {why}", path.display()));
        let pem = read_bounded(path, BUNDLE_MAX_BYTES).map_err(|error| wrong(&error))?;
        check_bundle(&pem).map_err(|why| wrong(&why))?;
        trusted = trusted.with_pem_certificate(pem);
    }
    let tls = TlsContext::builder().with_trust_store(trusted).build();
    let tls = tls.map_err(|error| unsupported(format!("TLS cannot be set up: {error}")))?;
    let proxy = match &options.proxy {
        None => ProxyConfig::disabled(),
        Some(url) => ProxyConfig::all(url.as_str())
            .map_err(|error| unsupported(format!("the proxy cannot be used: {error}")))?,
    };
    Ok(Builder::new().pool_idle_timeout(IDLE_MAX).build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(proxy.clone()).pool_idle_timeout(IDLE_MAX);
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls.clone()).build()
    }))
}

/// What is wrong with a file of certificates; the TLS library takes it for granted that nothing is.
fn check_bundle(pem: &[u8]) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("it is no PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("a certificate in it cannot be used: {error}"))?;
    }
    if roots.is_empty() { Err("there is no certificate in it".into()) } else { Ok(()) }
}
