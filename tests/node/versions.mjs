// Prints what a test of the installation looks at.
import * as client from 'fhir-kit-client';

console.log(typeof client.Client, process.version);
