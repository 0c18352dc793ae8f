//! The dialect of Kubernetes.
