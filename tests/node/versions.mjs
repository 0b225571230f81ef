// Prints what a test of the installation looks at.
import Client from 'fhir-kit-client';

console.log(typeof Client, process.version);
