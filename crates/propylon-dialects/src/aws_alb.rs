//! The dialect of AWS Application Load Balancer.
