//! The dialect of the AWS Application Load Balancer: a stack, a Terraform configuration, and a script for the command line.

mod asked;
mod attributes;
mod cloudformation;
mod coverage;
mod gaps;
mod groups;
mod honours;
mod limits;
mod plan;
mod rules;
mod script;
mod terraform;

use propylon_config::Deployment;
use propylon_practices::Product;

use crate::emission::Emission;
use crate::options::Options;
use crate::target::Target;
use asked::Asked;
use plan::Plan;

pub(crate) static TARGET: Target = Target {
    product: Product::AwsAlb,
    run: "one of the three. aws cloudformation deploy --stack-name mcp-gate --template-file cloudformation.yaml \
          --parameter-overrides VpcId=… SubnetIds=…,… CertificateArn=…; or terraform apply; or VPC_ID=… SUBNET_IDS='… …' \
          CERTIFICATE_ARN=… ./apply.sh",
    coverage: coverage::COVERAGE,
    honours: honours::HONOURS,
    without: honours::WITHOUT,
    emit,
};

fn emit(deployment: &Deployment, options: &Options, emission: &mut Emission) {
    let asked = Asked {
        written: &options.written,
    };
    let plan = Plan::of(deployment, &asked, emission);
    gaps::say(&plan, &asked, emission);
    cloudformation::write(&plan, emission);
    terraform::write(&plan, emission);
    script::write(&plan, emission);
}
