"""Events as AWS sends them, one file a source; `lcli.invoke.event` reads them.

Their fields are held by a test to what these pages and templates show (`tests/unit/invoke/
event_keys.json` names the one of each kind): the AWS Lambda developer guide, "Using Lambda with
Amazon S3", "… SQS", "… SNS", "… DynamoDB", "… Kinesis", "… Amazon MSK", "… Amazon MQ", "Process
Amazon DocumentDB events with Lambda", "Invoking Lambda function URLs", "… Application Load
Balancer"; the API Gateway developer guide, "AWS Lambda proxy integrations for HTTP APIs" and
"Input format of a Lambda function for proxy integration"; the EventBridge user guide, "AWS
service event metadata"; the Amazon Cognito developer guide, "Pre sign-up Lambda trigger"; the
templates of `sam local generate-event` and the test data of aws-lambda-go.
"""
